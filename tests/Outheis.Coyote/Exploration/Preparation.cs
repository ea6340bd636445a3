using Microsoft.Coyote.Runtime;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Outheis.Coyote;

/// <summary>
/// What is done to the kernel's assembly before Coyote rewrites it, where Coyote alone would look away: its locks and
/// its work for the thread pool become controlled ones, and accesses to array elements and through pointers become
/// places where another thread may come in between.
/// </summary>
internal static class Preparation
{
    private static readonly Type[] StandIns = [typeof(ControlledLock), typeof(ControlledThreadPool)];

    public static void Run(string kernel, string prepared)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(kernel);
        MethodReference interleave = module.ImportReference(
            typeof(SchedulingPoint).GetMethod(nameof(SchedulingPoint.InterleaveMemoryAccess)));
        foreach (MethodDefinition method in module.GetTypes().SelectMany(type => type.Methods))
        {
            if (method.HasBody && !method.IsConstructor)
            {
                Interleave(method.Body, interleave);
                ContinueInline(method.Body);
            }
        }

        module.Write(prepared);
    }

    // A reference to Outheis.Coyote comes into the kernel: the two find each other at run time.
    public static void Redirect(string rewritten, string redirected)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(rewritten);
        var here = AssemblyNameReference.Parse(typeof(Preparation).Assembly.FullName);
        module.AssemblyReferences.Add(here);
        foreach (TypeReference type in module.GetTypeReferences())
        {
            Type? standIn = Array.Find(StandIns, s => type.FullName == "System.Threading." + s.Name["Controlled".Length..]);
            if (standIn is not null)
            {
                (type.Scope, type.Namespace, type.Name) = (here, standIn.Namespace, standIn.Name);
            }
        }

        module.Write(redirected);
    }

    private static void Interleave(MethodBody body, MethodReference interleave)
    {
        body.SimplifyMacros();
        ILProcessor code = body.GetILProcessor();
        foreach (Instruction access in body.Instructions.Where(IsAccess).ToArray())
        {
            Instruction first = access;
            while (first.Previous is { OpCode.OpCodeType: OpCodeType.Prefix } prefix)
            {
                first = prefix;
            }

            code.InsertBefore(first, code.Create(OpCodes.Call, interleave));
        }

        body.OptimizeMacros();
    }

    // What awaits a completion source would go on in the thread pool; so it becomes a task of its own, which Coyote
    // controls.
    private static void ContinueInline(MethodBody body)
    {
        foreach (Instruction make in body.Instructions)
        {
            if (make.OpCode.Code == Code.Newobj
                && make.Operand is MethodReference { DeclaringType.Name: var name, Parameters: [{ ParameterType.Name: nameof(TaskCreationOptions) }] }
                && name.StartsWith(nameof(TaskCompletionSource), StringComparison.Ordinal))
            {
                (make.Previous.OpCode, make.Previous.Operand) = (OpCodes.Ldc_I4_0, null);
            }
        }
    }

    private static bool IsAccess(Instruction instruction) => instruction.OpCode.Code switch
    {
        Code.Ldobj or Code.Stobj => true,
        >= Code.Ldind_I1 and <= Code.Stind_R8 => true,
        Code.Stind_I => true,
        >= Code.Ldelem_I1 and <= Code.Stelem_Any => true,
        _ => false,
    };
}

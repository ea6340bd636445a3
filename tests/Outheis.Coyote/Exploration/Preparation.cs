using Microsoft.Coyote.Runtime;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Outheis.Coyote;

/// <summary>
/// What is done to the kernel's assembly beside what Coyote does, where Coyote alone would look away: accesses to array
/// elements and through pointers become places where another thread may come in between; locks, limited waits and work
/// for the thread pool become controlled ones.
/// </summary>
internal static class Preparation
{
    private static readonly Dictionary<string, Type> s_standIns = new()
    {
        ["System.Threading.Lock"] = typeof(ControlledLock),
        ["System.Threading.ThreadPool"] = typeof(ControlledThreadPool),
    };

    /// <summary>Before Coyote.</summary>
    public static void Interleave(string kernel, string prepared)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(kernel);
        MethodReference interleave = module.ImportReference(
            typeof(SchedulingPoint).GetMethod(nameof(SchedulingPoint.InterleaveMemoryAccess)));
        foreach (MethodDefinition method in module.GetTypes().SelectMany(static type => type.Methods))
        {
            if (method.HasBody && !method.IsConstructor)
            {
                Interleave(method.Body, interleave);
                ContinueInline(method.Body);
            }
        }

        module.Write(prepared);
    }

    /// <summary>After Coyote, which does not take assemblies that refer to each other, as these then do.</summary>
    public static void Redirect(string rewritten, string redirected)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(rewritten);
        var here = AssemblyNameReference.Parse(typeof(Preparation).Assembly.FullName);
        module.AssemblyReferences.Add(here);
        foreach (TypeReference type in module.GetTypeReferences())
        {
            if (s_standIns.TryGetValue(type.FullName, out Type? standIn))
            {
                (type.Scope, type.Namespace, type.Name) = (here, standIn.Namespace, standIn.Name);
            }
        }

        var monitor = new TypeReference(typeof(ControlledMonitor).Namespace, nameof(ControlledMonitor), module, here);
        foreach (MethodReference method in module.GetMemberReferences().OfType<MethodReference>())
        {
            if (method is { Name: nameof(Monitor.Wait), DeclaringType.Name: nameof(Monitor) }
                && EndsWith(method, nameof(TimeSpan)))
            {
                method.DeclaringType = monitor;
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
            if (make.Operand is MethodReference { Name: ".ctor" } constructor
                && constructor.DeclaringType.Name == nameof(TaskCompletionSource)
                && EndsWith(constructor, nameof(TaskCreationOptions)))
            {
                (make.Previous.OpCode, make.Previous.Operand) = (OpCodes.Ldc_I4_0, null);
            }
        }
    }

    private static bool EndsWith(MethodReference method, string parameter) =>
        method.Parameters is [.., var last] && last.ParameterType.Name == parameter;

    private static bool IsAccess(Instruction instruction) => instruction.OpCode.Code switch
    {
        Code.Ldobj or Code.Stobj or Code.Stind_I => true,
        >= Code.Ldind_I1 and <= Code.Stind_R8 => true,
        >= Code.Ldelem_I1 and <= Code.Stelem_Any => true,
        _ => instruction.Operand is MethodReference { DeclaringType.FullName: "System.Array" },      // it copies many
    };
}

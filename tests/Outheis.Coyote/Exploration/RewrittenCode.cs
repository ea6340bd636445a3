using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.Coyote;
using Microsoft.Coyote.Rewriting;

namespace Outheis.Coyote;

/// <summary>
/// The kernel and this program, rewritten so that Coyote decides which thread goes on at each access to shared memory.
/// They lie in a temporary folder and are loaded beside the originals.
/// </summary>
/// <remarks>
/// The command-line rewriter is not used: the engine behind it is in Microsoft.Coyote.Test, though not public, and is
/// reached by reflection.
/// </remarks>
internal sealed class RewrittenCode : IDisposable
{
    private const string KernelFile = "Outheis.Kernel.dll";
    private const string OwnFile = "Outheis.Coyote.dll";

    private readonly string _folder = Directory.CreateTempSubdirectory("outheis-coyote-").FullName;
    private readonly Assembly _own;

    public RewrittenCode()
    {
        string prepared = Path.Combine(_folder, "prepared");
        string rewritten = Path.Combine(_folder, "rewritten");
        Directory.CreateDirectory(prepared);
        Preparation.Interleave(Path.Combine(AppContext.BaseDirectory, KernelFile), Path.Combine(prepared, KernelFile));
        File.Copy(Path.Combine(AppContext.BaseDirectory, OwnFile), Path.Combine(prepared, OwnFile));
        Rewrite(prepared, rewritten);
        File.Move(Path.Combine(rewritten, KernelFile), Path.Combine(_folder, KernelFile));
        Preparation.Redirect(Path.Combine(_folder, KernelFile), Path.Combine(rewritten, KernelFile));
        _own = new Neighbours(rewritten).LoadFromAssemblyPath(Path.Combine(rewritten, OwnFile));
    }

    /// <summary>The rewritten <see cref="ScenarioRun"/> of this scenario, member by member.</summary>
    public Func<string, Action> Find(string scenario)
    {
        Type type = _own.GetType(typeof(ScenarioRun).FullName!, throwOnError: true)!;
        object run = Activator.CreateInstance(type, scenario)!;
        return member => type.GetMethod(member)!.CreateDelegate<Action>(run);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Rewrite(string from, string to)
    {
        Configuration configuration = Configuration.Create().WithTelemetryEnabled(false);
        object options = Make("Microsoft.Coyote.Rewriting.RewritingOptions");
        Set(options, "AssembliesDirectory", from);
        Set(options, "OutputDirectory", to);
        Set(options, "AssemblyPaths",
            new HashSet<string> { Path.Combine(from, KernelFile), Path.Combine(from, OwnFile) });
        Set(options, "DependencySearchPaths", new List<string> { AppContext.BaseDirectory });
        Set(options, "IgnoredAssembliesPattern", new Regex(@"^(?!Outheis\.)"));
        Set(options, "IsRewritingMemoryLocations", true);
        MethodInfo run = typeof(RewritingEngine).GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
            .Single(method => method.Name == "Run");
        object log = Make("Microsoft.Coyote.Logging.LogWriter", configuration, false);
        run.Invoke(null, [options, configuration, log, Make("Microsoft.Coyote.Profiler")]);
    }

    private static object Make(string type, params object[] arguments)
    {
        Type found = typeof(RewritingEngine).Assembly.GetType(type)
            ?? typeof(Configuration).Assembly.GetType(type, throwOnError: true)!;
        return Activator.CreateInstance(
            found, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, null, arguments, null)!;
    }

    private static void Set(object options, string property, object value) =>
        options.GetType().GetProperty(property, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!
            .SetValue(options, value);

    /// <summary>Loads what was rewritten from its folder, everything else from where this program has it.</summary>
    private sealed class Neighbours(string folder) : AssemblyLoadContext("rewritten")
    {
        protected override Assembly? Load(AssemblyName name)
        {
            string file = name.Name + ".dll";
            return file is KernelFile or OwnFile ? LoadFromAssemblyPath(Path.Combine(folder, file)) : null;
        }
    }
}

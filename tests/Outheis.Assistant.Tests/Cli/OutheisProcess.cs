using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>What a process said and how it ended.</summary>
internal sealed record Ended(int ExitCode, string Output, string Error);

/// <summary>The built program as users run it, in a folder of its own.</summary>
internal sealed partial class OutheisProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private OutheisProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        _error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    public TextWriter Input => _process.StandardInput;

    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    /// <summary>The tool, in a script.</summary>
    public static string Command => $"dotnet '{Repository.Program}'";

    public static OutheisProcess Start(string folder, params string[] arguments) =>
        Start(folder, "dotnet", [Repository.Program, .. arguments]);

    /// <summary>For what needs files where pipes would be; skips the test where there is no shell.</summary>
    public static OutheisProcess StartShell(string folder, string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        OutheisProcess process = Start(folder, "sh", ["-c", script]);
        process.Input.Close();
        return process;
    }

    /// <summary>Runs it as somebody whom permissions bind, also when the tests run as root.</summary>
    public static async Task<Ended> RunWithoutPrivilege(string folder, params string[] arguments)
    {
        if (!Environment.IsPrivilegedProcess) return await Run(folder, arguments);
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv"),
            "Root reads everything, and there is no setpriv to be somebody else.");
        using OutheisProcess process = Start(
            folder, "/usr/bin/setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", "dotnet", Repository.Program, .. arguments]);
        process.Input.Close();
        return await process.End();
    }

    private static OutheisProcess Start(string folder, string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new OutheisProcess(Process.Start(start)!);
    }

    public static Task<Ended> Run(string folder, params string[] arguments) => Run(folder, "", arguments);

    public static async Task<Ended> Run(string folder, string input, string[] arguments)
    {
        using OutheisProcess process = Start(folder, arguments);
        await process.Input.WriteAsync(input);
        process.Input.Close();
        return await process.End();
    }

    public async Task<Ended> End()
    {
        using var patience =
            CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        await _process.WaitForExitAsync(patience.Token);
        (string output, string error) = (await _output, await _error);
        return new Ended(_process.ExitCode, output.ReplaceLineEndings("\n"), error.ReplaceLineEndings("\n"));
    }

    public void Signal(int number) => Assert.Equal(0, Kill(_process.Id, number));

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

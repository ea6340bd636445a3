namespace Outheis.Assistant.Tests.Cli;

/// <summary>What the tool shows to whom: colours and progress to a person at a terminal, neither to a file or a pipe.
/// </summary>
public sealed class TerminalTests(SealedJournal journals) : IClassFixture<SealedJournal>
{
    private const string Escape = "\u001b";
    private const string Prologue = "\u001b[?1h\u001b=";      // of .NET itself, whatever is written

    [Theory]
    [InlineData("journal ls", "\u001b[1mlane 0")]
    [InlineData("journal cat", "\u001b[36m0/4096\u001b[0m")]
    [InlineData("journal tail", "\u001b[36m0/")]
    [InlineData("journal stats", "\u001b[1mkind")]
    [InlineData("why 0/4096", "\u001b[1m> \u001b[0m")]
    public async Task Output_ToATerminal_IsColouredUnlessTheUserSaysNo(string command, string coloured)
    {
        Assert.Contains(coloured, await OnATerminal(command, "TERM=xterm"), StringComparison.Ordinal);
        Assert.Contains(coloured, await OnATerminal(command, "TERM=xterm NO_COLOR="), StringComparison.Ordinal);
        string[] plain =
        [
            await OnATerminal(command, "TERM=xterm NO_COLOR=1"), await OnATerminal(command, "TERM=dumb"),
            await OnAPipe(command, "TERM=xterm"),
        ];
        Assert.All(plain, static text => Assert.NotEqual("", text));
        Assert.All(plain, static text => Assert.DoesNotContain(Escape, text, StringComparison.Ordinal));
        Assert.Single(plain.Select(static text => text.Trim()).Distinct());
    }

    /// <summary>Nobody reads the pipe that it writes into, so it is slow.</summary>
    [Fact]
    public async Task Progress_OfWhatIsSlow_IsOnTheErrorTerminalAndIsTakenAway()
    {
        using var terminal = new PseudoTerminal();
        using OutheisProcess cat = Shell(
            $"mkfifo slow; exec env TERM=xterm {Tool("journal cat")} >slow 2>{terminal.Name}");
        string output = await ReadSlow(cat, () => terminal.Text.Contains("Reading", StringComparison.Ordinal));
        Assert.Equal(SealedJournal.Parcels, output.Split(" sends sink Parcel ").Length - 1);
        Assert.DoesNotContain(Escape, output, StringComparison.Ordinal);
        Assert.Equal(0, (await cat.End()).ExitCode);
        Assert.EndsWith($"{Escape}[?25h", terminal.ReadToEnd(), StringComparison.Ordinal);      // the cursor is back
    }

    [Fact]
    public async Task Progress_OfWhatIsSlow_ErrorsGoToAPipe_IsNotShown()
    {
        using OutheisProcess cat = Shell($"mkfifo piped; exec env TERM=xterm {Tool("journal cat")} >piped");
        var watch = System.Diagnostics.Stopwatch.StartNew();
        string output = await ReadSlow(cat, () => watch.Elapsed > TimeSpan.FromSeconds(3), "piped");
        Assert.Equal(SealedJournal.Parcels, output.Split(" sends sink Parcel ").Length - 1);
        Ended ended = await cat.End();
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
    }

    private static string Tool(string command) => $"{OutheisProcess.Command} {command} --journal plain";

    private OutheisProcess Shell(string script) => OutheisProcess.StartShell(journals.Folder, script);

    // Waits, with the first byte in its hands, before it reads on.
    private async Task<string> ReadSlow(OutheisProcess process, Func<bool> isReady, string name = "slow")
    {
        string fifo = Path.Combine(journals.Folder, name);
        await Waiting.Until(() => File.Exists(fifo));
        using StreamReader reader = await Task.Run(() =>
            new StreamReader(new FileStream(fifo, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0)));
        char first = (char)reader.Read();
        await Waiting.Until(isReady);
        Assert.True(process.IsRunning, "It waits for somebody who reads.");
        return first + await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    private async Task<string> OnATerminal(string command, string environment)
    {
        using var terminal = new PseudoTerminal();
        using OutheisProcess process = Shell(
            $"unset NO_COLOR; exec env {environment} {Tool(command)} >{terminal.Name}");
        Ended ended = await process.End();
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        return terminal.ReadToEnd().Replace(Prologue, "", StringComparison.Ordinal).ReplaceLineEndings("\n");
    }

    private async Task<string> OnAPipe(string command, string environment)
    {
        using OutheisProcess process = Shell($"unset NO_COLOR; exec env {environment} {Tool(command)}");
        Ended ended = await process.End();
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        return ended.Output;
    }
}

using System.Diagnostics;
using System.Text.Json;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>outheis journal and outheis why, as a person runs them.</summary>
public sealed class JournalToolTests(ChainJournal journal) : IClassFixture<ChainJournal>
{
    [Fact]
    public async Task Cat_WithFilters_ShowsOnlyThose()
    {
        string[] all = await Lines("cat");
        Assert.DoesNotContain(all, line => line.Contains(" tick", StringComparison.Ordinal));
        Assert.Contains(await Lines("cat", "--all"), line => line.Contains(" tick", StringComparison.Ordinal));
        Assert.Equal(all.Where(line => line.Contains("agent2", StringComparison.Ordinal)),
            (await Lines("cat", "--agent", "agent2")).Where(line => line.Contains("agent2", StringComparison.Ordinal)));
        string[] steps = await Lines("cat", "--type", "Step");
        Assert.All(steps, line => Assert.Contains(" Step", line, StringComparison.Ordinal));
        Assert.Equal(ChainJournal.Steps, (await Lines("cat", "--agent", "host", "--type", "Step"))
            .Count(line => line.Contains(" host sends ", StringComparison.Ordinal)
                && line.Contains(" Step {\"Number\":", StringComparison.Ordinal)));
        JournalEntry one = journal.Read().First(entry => entry.Kind == JournalKind.Sent && entry.Cause != 0);
        Assert.Equal(ChainJournal.Agents, (await Lines("cat", "--chain", $"{one.Chain}")).Length);
        Assert.Empty(await Lines("cat", "--until", "2001-02-03"));
        Assert.Equal(all, await Lines("cat", "--since", "1h"));
    }

    [Fact]
    public async Task Cat_FromAPosition_BeginsThere()
    {
        JournalEntry from = journal.Read().Where(entry => entry.Lane == 0).ElementAt(30);
        foreach (string place in (string[])[$"0/{from.Position}", $"{from.Position}"])
        {
            string[] lines = await Lines("cat", "--from", place, "--all");
            string first = lines.First(line => line.Contains(" 0/", StringComparison.Ordinal));
            Assert.Contains($" 0/{from.Position} ", first, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Tail_ShowsTheLastOfThem()
    {
        string[] all = await Lines("cat");
        Assert.Equal(all[^3..], await Lines("tail", "-n", "3"));
        Assert.Equal(all[^20..], await Lines("tail"));
        Assert.Equal(all.Select(PlaceOf), (await Lines("tail", "--lines", "1000000")).Select(PlaceOf));
        Assert.Empty(await Lines("tail", "-n", "0"));
        Assert.Equal(
            (await Lines("cat", "--agent", "agent1"))[^2..], await Lines("tail", "-n", "2", "--agent", "agent1"));
    }

    [Fact]
    public async Task Tail_Following_ShowsWhatComesAndEndsWithZero()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        using var folder = new TemporaryFolder();
        folder.Write("notes/tea.md", "# Tea\n\nGreen tea steeps two minutes.\n");
        await OutheisProcess.Run(folder.FullPath, "ask", "green tea?", "--vault", "notes");
        using OutheisProcess tail = OutheisProcess.Start(folder.FullPath, "journal", "tail", "-f", "-n", "1");
        Ended ended = await OutheisProcess.Run(folder.FullPath, "ask", "two minutes?", "--vault", "notes");
        Assert.Equal(0, ended.ExitCode);
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        tail.Signal(2);
        ended = await tail.End();
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.Contains("{\"question\":\"two minutes?\"}", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("green tea?", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ls_NamesLanesSegmentsAndCounts()
    {
        string[] lines = await Lines("ls", "--count");
        Assert.Equal(2, lines.Count(line => line.StartsWith("lane ", StringComparison.Ordinal)));
        int records = journal.Read().Count(entry => entry.Lane == 0);
        Assert.Contains($", {records} records", lines[0], StringComparison.Ordinal);
        Assert.Contains("lane-01/000000000000.seg", string.Concat(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stats_CountWhatAReaderSees()
    {
        string[] lines = await Lines("stats");
        List<JournalEntry> all = journal.Read();
        Assert.StartsWith($"{all.Count} records, ", lines[0], StringComparison.Ordinal);
        Assert.Equal("asks: 1, answered 0, failed 1, given up 0", lines[1]);
        int sent = all.Count(entry => entry.Kind == JournalKind.Sent);
        Assert.Contains(lines, line => line.StartsWith("sent ", StringComparison.Ordinal)
            && line.Contains($" {sent} ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("agent3 ", StringComparison.Ordinal)
            && line.Contains($" {ChainJournal.Steps} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Verify_WholeAndDamaged_SaysSo()
    {
        Ended ended = await Run("verify");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.Matches(@"^\d+ records in \d segments, .* GiB/s: whole; nothing is sealed\.\n$", ended.Output);

        string copy = journal.Copy("damaged");
        string segment = Path.Combine(copy, "lane-00", "000000000000.seg");
        byte[] bytes = File.ReadAllBytes(segment);
        JournalEntry hit = journal.Read().Where(entry => entry.Lane == 0).ElementAt(10);
        bytes[hit.Position + 12] ^= 4;
        File.WriteAllBytes(segment, bytes);
        ended = await OutheisProcess.Run(journal.Folder, "journal", "verify", "--journal", copy);
        Assert.Equal(3, ended.ExitCode);
        Assert.StartsWith($"lane-00/000000000000.seg 0/{hit.Position}: ", ended.Output, StringComparison.Ordinal);
        Assert.Contains("whole records behind it: ", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_IsOneJsonObjectALine()
    {
        string[] lines = await Lines("export", "--jsonl");
        List<(JournalEntry Entry, string? TargetName)> read = journal.ReadWithNames();
        JournalEntry[] all = [.. read.Select(static one => one.Entry)];
        Assert.Equal(all.Length, lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            using var json = JsonDocument.Parse(lines[i]);
            JsonElement one = json.RootElement;
            Assert.Equal(all[i].Kind.ToString().ToLowerInvariant(), one.GetProperty("kind").GetString());
            Assert.Equal(all[i].Run, one.GetProperty("run").GetInt64());
            Assert.Equal(all[i].Time, one.GetProperty("time").GetDateTimeOffset());
            if (all[i] is { Kind: JournalKind.Sent, Payload.Length: > 0 })
            {
                Assert.Equal(all[i].PayloadText, one.GetProperty("payload").GetRawText());
                string? name = one.TryGetProperty("targetName", out JsonElement told) ? told.GetString() : null;
                Assert.Equal(read[i].TargetName, name);
            }
        }
    }

    [Fact]
    public async Task Why_AStepInAChain_ShowsTheWholeChainAndMarksIt()
    {
        JournalEntry asked = journal.Read().Where(
            entry => entry.Kind == JournalKind.Sent && entry.SenderName == "agent2").ElementAt(7);
        string place = $"{asked.Lane}/{asked.Position & ((1L << 56) - 1)}";
        Ended ended = await OutheisProcess.Run(journal.Folder, "why", place, "--journal", "journal");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        string[] lines = ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(ChainJournal.Agents, lines.Length);
        string[] senders = ["host", "agent4", "agent3", "agent2", "agent1"];
        for (int i = 0; i < lines.Length; i++)
        {
            string front = (i == 3 ? "> " : "  ") + new string(' ', 2 * i) + "20";
            Assert.StartsWith(front, lines[i], StringComparison.Ordinal);
            Assert.Contains($" {senders[i]} sends ", lines[i], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Why_AFailedReply_LeadsToItsRequest()
    {
        JournalEntry failed = journal.Read().Single(entry => entry.IsFailure);
        Ended ended = await OutheisProcess.Run(
            journal.Folder, "why", $"{failed.Position}", "--journal", "journal");
        string[] lines = ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Contains(" host asks grumbler Step ", lines[0], StringComparison.Ordinal);
        Assert.Contains(" deadletter grumbler Step: HandlerFailed", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("> ", lines[2], StringComparison.Ordinal);
        Assert.Contains(" grumbler fails host ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cat_WhenNobodyReadsOn_EndsQuietlyWithZero()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        string cat = $"dotnet '{Repository.Program}' journal cat --all --journal journal";
        var start = new ProcessStartInfo("sh", ["-c", $"({cat}; echo $? >&2) | head -n 1"])
        {
            WorkingDirectory = journal.Folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process shell = Process.Start(start)!;
        string error = await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("0\n", 1), (error, output.Count(letter => letter == '\n')));
    }

    [Theory]
    [InlineData("'0/4097x' is no position. Write it as 'outheis journal cat' does, LANE/OFFSET, or as one number.",
        "why", "0/4097x")]
    [InlineData("'999/1' is no position. Write it as 'outheis journal cat' does, LANE/OFFSET, or as one number.",
        "journal", "cat", "--from", "999/1")]
    [InlineData("No record begins at 0/4097 of journal.", "why", "0/4097")]
    [InlineData("The journal has no lane 9.", "journal", "export", "--from", "9/4096")]
    [InlineData("--since takes a time, not 'soon'. Write 2026-05-17T14:03:00Z, or 10m, 2h, 3d for so long ago.",
        "journal", "cat", "--since", "soon")]
    [InlineData("--agent takes a number, not 'x'.", "journal", "tail", "--agent", "#x")]
    [InlineData("--chain takes a number, not '-3'.", "journal", "stats", "--chain", "-3")]
    [InlineData("--lines takes a number that is not below 0.", "journal", "tail", "-n", "-1")]
    [InlineData("--lines takes a number, not 'x'. 'outheis journal tail --help' tells more.",
        "journal", "tail", "-n", "x")]
    [InlineData("--limit takes a number, not 'x'. 'outheis why --help' tells more.", "why", "0/4096", "--limit", "x")]
    [InlineData("There is no command 'bogus'. 'outheis journal --help' tells more.", "journal", "bogus")]
    [InlineData("--limit takes a number above 0.", "why", "0/4096", "--limit", "0")]
    public async Task BadInput_IsRefusedInOneSentence(string sentence, params string[] arguments)
    {
        Ended ended = await OutheisProcess.Run(journal.Folder, [.. arguments, "--journal", "journal"]);
        Assert.Equal((2, "", sentence + "\n"), (ended.ExitCode, ended.Output, ended.Error));
    }

    [Theory]
    [InlineData("ls")]
    [InlineData("cat")]
    [InlineData("tail")]
    [InlineData("stats")]
    [InlineData("verify")]
    [InlineData("export")]
    public async Task NoJournalOrANewerOne_IsSaidInOneSentence(string command)
    {
        Ended ended = await OutheisProcess.Run(journal.Folder, "journal", command, "--journal", "nowhere");
        Assert.Equal((2, ""), (ended.ExitCode, ended.Output));
        Assert.Contains("holds no journal. ", ended.Error, StringComparison.Ordinal);
        ended = await OutheisProcess.Run(journal.Folder, "journal", command, "--journal", Newer(command));
        Assert.Equal((2, ""), (ended.ExitCode, ended.Output));
        Assert.Contains("version 9", ended.Error, StringComparison.Ordinal);
        Assert.Single(ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    // Every segment says, with a right checksum, that its format is 9.
    private string Newer(string name)
    {
        string copy = journal.Copy("newer-" + name);
        foreach (string file in Directory.GetFiles(copy, "*.seg", SearchOption.AllDirectories))
        {
            byte[] bytes = File.ReadAllBytes(file);
            bytes[8] = 9;
            bytes.AsSpan(40, 4).Clear();
            BitConverter.TryWriteBytes(bytes.AsSpan(40), Castagnoli(bytes.AsSpan(0, 72)));
            File.WriteAllBytes(file, bytes);
        }

        return copy;
    }

    private static uint Castagnoli(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte one in bytes) crc = System.Numerics.BitOperations.Crc32C(crc, one);
        return ~crc;
    }

    // Date, time, place.
    private static string PlaceOf(string line) => line.Split(' ')[2];

    private async Task<string[]> Lines(params string[] arguments)
    {
        Ended ended = await Run(arguments);
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        return ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private Task<Ended> Run(params string[] arguments) =>
        OutheisProcess.Run(journal.Folder, ["journal", .. arguments, "--journal", "journal"]);
}

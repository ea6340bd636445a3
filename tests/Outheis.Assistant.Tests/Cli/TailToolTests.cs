namespace Outheis.Assistant.Tests.Cli;

/// <summary>outheis journal tail -f beside a journal that is damaged, or becomes so.</summary>
public sealed class TailToolTests(ChainJournal journal) : IClassFixture<ChainJournal>
{
    private const int Interrupt = 2;

    [Fact]
    public async Task Follow_ALaneThatEndsEarly_SaysSoOnceAndEndsWith3()
    {
        JournalEntry hit = journal.Read().Where(static entry => entry.Lane == 0).ElementAt(10);
        string segment = SegmentOf(journal.Copy("early"));
        byte[] bytes = File.ReadAllBytes(segment);
        bytes[hit.Position + 12] ^= 4;
        File.WriteAllBytes(segment, bytes);
        using OutheisProcess tail = Follow("early");
        await Waiting.Until(() => Errors("early").Length > 0);
        await AFewLooks();
        tail.Signal(Interrupt);
        Assert.Equal(3, (await tail.End()).ExitCode);
        Ended cat = await OutheisProcess.Run(journal.Folder, "journal", "cat", "--journal", "early");
        Assert.Equal((3, cat.Error), (cat.ExitCode, Errors("early")));
        Assert.StartsWith($"Lane 0 ends early, at 0/{hit.Position}: ", cat.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_ALaneIsDamagedMeanwhile_SaysSoOnceAndEndsWith3()
    {
        string segment = SegmentOf(journal.Copy("meanwhile"));
        using OutheisProcess tail = Follow("meanwhile");
        await Waiting.Until(() => Output("meanwhile").Contains(" closed", StringComparison.Ordinal));
        Assert.Equal("", Errors("meanwhile"));
        Overwrite(segment, 77);
        await Waiting.Until(() => Errors("meanwhile").Length > 0);
        await AFewLooks();
        tail.Signal(Interrupt);
        Assert.Equal(3, (await tail.End()).ExitCode);
        Assert.Matches(
            @"^Lane 0 ends early, at 0/\d+: the bytes at offset \d+ of segment 0 are no record\.\n$",
            Errors("meanwhile"));
    }

    /// <summary>As when a kernel opens the journal, and its recovery sets aside what is no record.</summary>
    [Fact]
    public async Task Follow_WhatWasDamagedIsMended_GoesOnAndEndsWithZero()
    {
        string segment = SegmentOf(journal.Copy("mended"));
        using OutheisProcess tail = Follow("mended");
        await Waiting.Until(() => Output("mended").Contains(" closed", StringComparison.Ordinal));
        Overwrite(segment, 77);
        await Waiting.Until(() => Errors("mended").Length > 0);
        await using (Kernel.Start(new KernelOptions
        {
            JournalDirectory = Path.Combine(journal.Folder, "mended"), SegmentBytes = 1 << 16, Cores = 2,
        }))
        {
        }

        await Waiting.Until(() => Output("mended").Split(" closed").Length > 2);
        await AFewLooks();
        tail.Signal(Interrupt);
        Assert.Equal(0, (await tail.End()).ExitCode);
    }

    [Fact]
    public async Task Follow_NobodyReadsOn_EndsQuietlyWithZeroThoughNothingComes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs a shell, and a system that tells.");
        using OutheisProcess shell = OutheisProcess.StartShell(journal.Folder,
            $"({OutheisProcess.Command} journal tail -f --journal journal; echo $? >&2) | head -n 1");
        Ended ended = await shell.End();
        Assert.Equal(("0\n", 1), (ended.Error, ended.Output.Count(static letter => letter == '\n')));
    }

    private static string SegmentOf(string copy) => Path.Combine(copy, "lane-00", "000000000000.seg");

    // Behind the last record of lane 0.
    private void Overwrite(string segment, byte value)
    {
        JournalEntry last = journal.Read().Last(static entry => entry.Lane == 0);
        using var file = new FileStream(segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = last.Position + 64;      // Closed: a header and 16 bytes
        file.WriteByte(value);
    }

    private OutheisProcess Follow(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        return OutheisProcess.StartShell(journal.Folder,
            $"exec {OutheisProcess.Command} journal tail -f -n 2 --journal {name} >{name}.out 2>{name}.err");
    }

    private string Output(string name) => Read(name + ".out");

    private string Errors(string name) => Read(name + ".err");

    private string Read(string name)
    {
        string path = Path.Combine(journal.Folder, name);
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    // Twenty looks a second: what would be said again would be by now.
    private static Task AFewLooks() =>
        Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
}

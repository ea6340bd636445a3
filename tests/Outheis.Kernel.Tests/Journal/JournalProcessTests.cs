using System.Diagnostics;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>The journal on the real disk, with real processes that are really killed.</summary>
public sealed class JournalProcessTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("outheis-journal-").FullName;

    private string Journal => Path.Combine(_root, "journal");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Open_HeldByAnotherProcess_NamesItAndItsDeathFreesTheJournal()
    {
        using Process child = JournalChild.Start(out string line, "hold", Journal);
        Assert.Equal("open", line);
        var error = Assert.Throws<JournalInUseException>(() => OpenHere(out _));
        Assert.Equal(child.Id, error.ProcessId);
        Assert.Equal(Journal, error.Directory);
        Assert.Contains(Journal, error.Message, StringComparison.Ordinal);
        child.Kill();
        child.WaitForExit();
        OpenHere(out _).Close();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(3)]
    public void Kill_AtRandomMoments_LeavesAGapFreePrefixPerLane(int? retain)
    {
        var random = new Random(4711);
        for (int round = 0; round < 12; round++)
        {
            using Process child = JournalChild.Start(out string line, "write", Journal, round, retain);
            Assert.Equal("open", line);
            Thread.Sleep(random.Next(40));
            child.Kill();
            child.WaitForExit();
            int before = CheckLanes();
            if (random.Next(2) == 0)
            {
                using JournalDirectory journal = OpenHere(out RecoveryReport report);
                Assert.False(report.Repaired, report.ToString());
                journal.Abandon();
                Assert.Equal(before, CheckLanes());
            }
        }
    }

    [Fact]
    public void TryReserve_DiskReallyFull_RefusesThenGoesOn()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "mounting a small tmpfs needs root on Linux");
        string mount = Path.Combine(_root, "small");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(
            Run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount) == 0, "mount is not allowed here");
        try
        {
            FillAndGoOn(mount);
        }
        finally
        {
            Run("umount", mount);
        }
    }

    [Fact]
    public void Fsync_FailingInTheSystem_ReachesTheCaller()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        static string[] Inject(string when) =>
            ["-f", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", $"inject=fsync:error=EIO:when={when}"];

        string created = JournalChild.RunUnder("/usr/bin/strace", Inject("1+"), "sync", Journal);
        Assert.SkipWhen(created.Length == 0, "strace may not trace here");
        Assert.StartsWith("JournalException", created, StringComparison.Ordinal);

        OpenHere(out _).Close();
        string named = JournalChild.RunUnder("/usr/bin/strace", Inject("1"), "sync", Journal);
        Assert.StartsWith("JournalException", named, StringComparison.Ordinal);      // the names of the lanes
        string locked = JournalChild.RunUnder("/usr/bin/strace", Inject("2"), "sync", Journal);
        Assert.StartsWith("JournalException", locked, StringComparison.Ordinal);      // the text of the lock
        string synced = JournalChild.RunUnder("/usr/bin/strace", Inject("3+"), "sync", Journal);
        Assert.StartsWith("open", synced, StringComparison.Ordinal);
        Assert.Contains("could not make lane 0", synced, StringComparison.Ordinal);
        Assert.Contains("Input/output error", synced, StringComparison.Ordinal);
    }

    [Fact]
    public void SystemDisk_RollsRecyclesAndReopens_AsTheMemoryDiskDoes()
    {
        ulong next = 0;
        for (int run = 0; run < 3; run++)
        {
            using JournalDirectory journal = OpenHere(out RecoveryReport report, retain: 2);
            Assert.True(report.Clean, report.ToString());
            for (int i = 0; i < 20_000; i++)
            {
                journal.Lane(0).Append(next++);
            }
        }

        List<ulong> numbers = Journals.Numbers(SystemJournalDisk.Instance, Journal);
        Assert.Equal(next - 1, numbers[^1]);
        Assert.Equal(numbers.Count, (int)(numbers[^1] - numbers[0]) + 1);
        int files = Directory.GetFiles(Path.Combine(Journal, "lane-00")).Length;
        Assert.InRange(files, 2, 2 + (2 * JournalLimits.SparesMax));
    }

    private static JournalSettings Settings(int? retain = null) =>
        Journals.Settings(lanes: 2, JournalChild.SegmentBytes, retain);

    private JournalDirectory OpenHere(out RecoveryReport report, int? retain = null) => JournalDirectory.Open(
        Journal, Settings(retain), SystemJournalDisk.Instance, TimeProvider.System, out report);

    private int CheckLanes()
    {
        List<JournalEntry> entries =
            Journals.ReadAll(SystemJournalDisk.Instance, out IReadOnlyList<LaneEnd> ends, Journal);
        Assert.All(ends, end => Assert.Equal(LaneEndKind.End, end.Kind));
        foreach (IGrouping<int, JournalEntry> lane in entries.Where(entry => entry.Kind == JournalKind.Sent)
            .GroupBy(entry => entry.Lane))
        {
            ulong? last = null;
            foreach (JournalEntry entry in lane)
            {
                Assert.True(Journals.IsIntact(entry), $"torn record at {entry.Position}");
                bool follows = last is null || entry.Badge == last + 1
                    || (entry.Badge > last && JournalChild.IsFirst(entry.Badge));
                Assert.True(follows, $"{entry.Badge} after {last} in lane {lane.Key}");
                last = entry.Badge;
            }
        }

        return entries.Count(entry => entry.Kind == JournalKind.Sent);
    }

    private static void FillAndGoOn(string mount)
    {
        string path = Path.Combine(mount, "journal");
        string filler = Path.Combine(mount, "filler");
        JournalSettings settings = Journals.Settings(segmentBytes: 1 << 20);
        JournalDirectory journal = Journals.Open(SystemJournalDisk.Instance, settings, path);
        File.WriteAllBytes(filler, new byte[3 << 20]);
        ulong next = 0;
        while (journal.Lane(0).TryAppend(next, 500))
        {
            next++;
        }

        Assert.InRange(next, 3000ul, 14_000ul);
        Assert.Contains("space", journal.Lane(0).Refusal!.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(Journals.Range((int)next), Journals.Numbers(SystemJournalDisk.Instance, path));
        File.Delete(filler);
        Thread.Sleep(50);
        journal.Lane(0).Append(next++, 500);
        journal.Close();
        Assert.Equal(Journals.Range((int)next), Journals.Numbers(SystemJournalDisk.Instance, path));
    }

    private static int Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode;
    }
}

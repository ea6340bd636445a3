using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>A process with a whole kernel in it is killed at any moment, and at each call of the system that matters;
/// the next one goes on. See <see cref="ProofJournal"/> for what must hold.</summary>
public sealed class KillTests : IDisposable
{
    private const int RoundsOfOneJournal = 20;
    private const int SegmentsOfALife = 64;

    // Two minutes' worth; OUTHEIS_KILLS=1000 looks for longer.
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("OUTHEIS_KILLS"),
        NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) ? rounds : 200;

    private readonly string _root = Directory.CreateTempSubdirectory("outheis-kill-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    public void Kill_AtAnyMoment_KeepsEveryPromise()
    {
        Random random = ProofSeed.Draw();
        var total = new ProofTotal();
        for (int done = 0; done < Rounds; done += RoundsOfOneJournal)
        {
            var journal = new ProofRounds(Path.Combine(_root, $"{done}"), total);
            for (int i = 0; i < Math.Min(RoundsOfOneJournal, Rounds - done); i++)
            {
                journal.Run(life => WaitThenKill(life, random));
            }

            journal.Drain();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{total}");
        Assert.True(total.Durable > 0 && total.Snapshots > 0, $"{total}");      // how many, the machine says
    }

    /// <summary>At the first call, the second, the third and so on, until a life has none so late. Counted are the
    /// calls about the journal's own files: a process opens and maps many others before it.</summary>
    [Theory(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    [InlineData("fsync", 12), InlineData("fallocate", 5), InlineData("rename", 5), InlineData("ftruncate", 3)]
    [InlineData("mkdir", 5), InlineData("unlink", 5), InlineData("pwrite64", 5), InlineData("openat", 60)]
    [InlineData("mmap", 12)]
    public void Kill_AtEachCallOf_KeepsEveryPromise(string call, int calls)
    {
        Strace.SkipUnlessItTraces();
        var total = new ProofTotal();
        var journal = new ProofRounds(Path.Combine(_root, call), total);
        for (int n = 1; n <= Math.Max(calls, Rounds / 10) && !total.HasLivedOn; n++)
        {
            journal.Run(life => WaitOrEnd(life, total), Strace.Program,
                Strace.Inject(call, $"signal=KILL:when={n}", JournalFiles(journal.Journal)));
        }

        journal.Drain();
        TestContext.Current.TestOutputHelper?.WriteLine($"{total}");
        Assert.True(total.Rounds > 1, $"{call} was never called");
    }

    /// <summary>A call that names no file is counted from when the journal is open: by then most are the
    /// journal's.</summary>
    [Theory(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    [InlineData("munmap", 5), InlineData("madvise", 5)]
    public void Kill_AtEachCallOfAnOpenKernel_KeepsEveryPromise(string call, int calls)
    {
        Strace.SkipUnlessItAttaches();
        var total = new ProofTotal();
        var journal = new ProofRounds(Path.Combine(_root, call), total);
        for (int n = 1; n <= Math.Max(calls, Rounds / 10) && !total.HasLivedOn; n++)
        {
            journal.Run(life =>
            {
                life.WaitUntilOpen();
                using Process strace = Strace.Attach(life.Process.Id, call, $"signal=KILL:when={n}");
                WaitOrEnd(life, total);
                strace.WaitForExit();
            });
        }

        journal.Drain();
        TestContext.Current.TestOutputHelper?.WriteLine($"{total}");
        Assert.True(total.Rounds > 1, $"{call} was never called");
    }

    /// <summary>What the journal does not call needs no proof: mapped pages are made durable by fsync.</summary>
    [Fact(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    public void Kill_AtTheFirstMsync_NeverComes()
    {
        Strace.SkipUnlessItTraces();
        var rounds = new ProofRounds(_root, new ProofTotal());
        IReadOnlyList<string> said = rounds.Run(
            static life =>
            {
                Assert.True(life.WaitFor("durable", 100));
                life.Stop();
            },
            Strace.Program, Strace.Inject("msync", "signal=KILL:when=1"));
        Assert.Contains("stopped ", said);
    }

    // All there are and those that one life may add.
    private static IEnumerable<string> JournalFiles(string journal)
    {
        IEnumerable<string> lanes = Enumerable.Range(0, 2).Select(
            lane => Path.Combine(journal, JournalSegment.LaneName(lane)));
        string ledger = Path.Combine(journal, LedgerCheckpoint.Name);
        return
        [
            journal, Path.Combine(journal, JournalDirectory.LockName), ledger, ledger + LaneStore.TemporaryExtension,
            .. lanes, .. lanes.Select(static lane => Path.Combine(lane, LaneStore.TemporaryName)),
            .. lanes.SelectMany(static lane => Enumerable.Range(0, Segments(lane) + SegmentsOfALife).Select(
                sequence => Path.Combine(lane, JournalSegment.NameOf(sequence)))),
        ];
    }

    private static int Segments(string lane) => Directory.Exists(lane) ? Directory.GetFiles(lane, "*.seg").Length : 0;

    private static void WaitThenKill(ProofLife life, Random random)
    {
        if (random.Next(4) > 0)
        {
            life.WaitUntilOpen();
        }

        Thread.Sleep(random.Next(200));
        life.Process.Kill();
    }

    private static void WaitOrEnd(ProofLife life, ProofTotal total)
    {
        life.WaitUntilOpen();
        if (!life.Process.WaitForExit(1000))
        {
            total.HasLivedOn = true;
            life.Process.Kill(entireProcessTree: true);
        }
    }
}

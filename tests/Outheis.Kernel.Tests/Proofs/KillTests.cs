using System.Globalization;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>A process with a whole kernel in it is killed at any moment, and at each call of the system that matters;
/// the next one goes on. See <see cref="ProofJournal"/> for what must hold.</summary>
public sealed class KillTests : IDisposable
{
    private const int RoundsOfOneJournal = 20;

    // Two minutes' worth; OUTHEIS_KILLS=1000 looks for longer.
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("OUTHEIS_KILLS"),
        NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) ? rounds : 200;

    private readonly string _root = Directory.CreateTempSubdirectory("outheis-kill-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    public void Kill_AtAnyMoment_KeepsEveryPromise()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
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

        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {total}");
        Assert.True(total.Durable > 0 && total.Snapshots > 0, $"{total}");      // how many, the machine says
    }

    /// <summary>At the first call, the second, the third and so on, until a life has none so late.</summary>
    [Theory(Explicit = true)]      // by hand: minutes, on a quiet machine (docs/testing.md)
    [InlineData("fsync", 12), InlineData("fallocate", 5), InlineData("rename", 5), InlineData("ftruncate", 3)]
    [InlineData("mkdir", 5)]
    public void Kill_AtEachCallOf_KeepsEveryPromise(string call, int calls)
    {
        Strace.SkipUnlessItTraces();
        var total = new ProofTotal();
        var journal = new ProofRounds(Path.Combine(_root, call), total);
        for (int n = 1; n <= Math.Max(calls, Rounds / 10) && !total.HasLivedOn; n++)
        {
            journal.Run(life => WaitOrEnd(life, total), Strace.Program, Strace.Inject(call, $"signal=KILL:when={n}"));
        }

        journal.Drain();
        TestContext.Current.TestOutputHelper?.WriteLine($"{total}");
        Assert.True(total.Rounds > 1, $"{call} was never called");
    }

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
        if (!life.Process.WaitForExit(500))
        {
            total.HasLivedOn = true;
            life.Process.Kill(entireProcessTree: true);
        }
    }
}

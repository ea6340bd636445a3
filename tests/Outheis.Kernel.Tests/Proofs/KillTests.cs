using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>A process with a whole kernel in it is killed at any moment, and at each call of the system that matters;
/// the next one goes on. See <see cref="ProofJournal"/> for what must hold.</summary>
public sealed class KillTests : IDisposable
{
    private const int RoundsOfOneJournal = 20;

    // Some seconds' worth; OUTHEIS_KILLS=1000 looks for longer.
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("OUTHEIS_KILLS"),
        NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) ? rounds : 40;

    private readonly string _root = Directory.CreateTempSubdirectory("outheis-kill-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
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
                journal.Run(child => WaitThenKill(child, random));
            }

            journal.Drain();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {total}");
        Assert.True(total.Durable > Rounds && total.Snapshots > Rounds, $"{total}");
    }

    /// <summary>The first, the second, the third fsync and so on, until a whole life has none so late.</summary>
    [Theory]
    [InlineData("fsync"), InlineData("fallocate"), InlineData("rename"), InlineData("ftruncate"), InlineData("msync")]
    public void Kill_AtEachCallOf_KeepsEveryPromise(string call)
    {
        Strace.SkipUnlessItTraces();
        var total = new ProofTotal();
        var journal = new ProofRounds(Path.Combine(_root, call), total);
        for (int n = 1; n <= 8; n++)
        {
            journal.Run(WaitOrEnd, Strace.Program, Strace.Inject(call, $"signal=KILL:when={n}"));
        }

        journal.Drain();
        TestContext.Current.TestOutputHelper?.WriteLine($"{total}");
    }

    private static void WaitThenKill(Process child, Random random)
    {
        Thread.Sleep(random.Next(4) == 0 ? 100 + random.Next(300) : 250 + random.Next(250));
        child.Kill();
    }

    private static void WaitOrEnd(Process child)
    {
        if (!child.WaitForExit(1500))
        {
            child.Kill(entireProcessTree: true);
        }
    }
}

using System.Globalization;
using Xunit;

namespace Outheis.Tests.Proofs;

public readonly record struct Wind(int Timers, int SpreadMs);

public readonly record struct Chime(int Number);

public readonly record struct GetChimes;

/// <summary>Every number that chimed counts once, so that one too many or too few shows.</summary>
public readonly record struct Chimes(long Wound, long Count, long Sum, long Squares);

/// <summary>Processes with a thousand timers armed are killed as those ring: each rings once in the state, and nobody
/// else than the journal knows which have rung.</summary>
public sealed class TimerKillTests : IDisposable
{
    private const int Kills = 6;

    private readonly string _root = Directory.CreateTempSubdirectory("outheis-timers-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Kill_AsTimersRing_EachIsInTheStateOnce()
    {
        Random random = ProofSeed.Draw();
        int cut = 0;
        for (int round = 0; round < Kills; round++)
        {
            using var life = new ProofLife(ProofChild.Describe(TimerProof.Role, _root, round));
            life.WaitUntilOpen();
            Thread.Sleep(random.Next(TimerProof.SpreadMs / Kills));
            life.Process.Kill();
            IReadOnlyList<string> said = life.WaitForEnd();
            Assert.DoesNotContain(said, line => line.StartsWith("failed", StringComparison.Ordinal)
                || line.StartsWith("error", StringComparison.Ordinal));
            cut += said.Any(static line => line.StartsWith("all", StringComparison.Ordinal)) ? 0 : 1;
        }

        using var last = new ProofLife(ProofChild.Describe(TimerProof.Role, _root, Kills));
        last.WaitUntilOpen();
        last.Stop();
        string all = Assert.Single(
            last.WaitForEnd(), static line => line.StartsWith("all", StringComparison.Ordinal));
        TestContext.Current.TestOutputHelper?.WriteLine($"{cut} of {Kills} killed before the end; {all}");
        Assert.Equal($"all {TimerProof.Expected}", all);
    }
}

/// <summary>The child: arms once, and waits until all has rung or it is killed.</summary>
internal static class TimerProof
{
    public const string Role = "timers";
    public const int Timers = 1000;
    public const int SpreadMs = 2000;

    public static Chimes Expected => new(
        1, Timers, Enumerable.Range(0, Timers).Sum(static n => (long)n),
        Enumerable.Range(0, Timers).Sum(static n => (long)n * n));

    public static void Run(string root)
    {
        Kernel kernel = ProofChild.Start(
            root, new MessageCodecs().Add<Wind>().Add<Chime>().AddRequest<GetChimes, Chimes>(), snapshotEvery: 50);
        AgentId clock = kernel.Spawn("clock", static _ => new Clock(), new SpawnOptions());
        AskCapability<GetChimes, Chimes> look = kernel.GrantAsk<GetChimes, Chimes>(clock);
        Chimes now = look.AskAsync(default).AsTask().GetAwaiter().GetResult();
        if (now.Wound == 0)
        {
            kernel.Grant<Wind>(clock).Send(new Wind(Timers, SpreadMs));
        }

        ProofChild.Say("open");
        for (int looks = 0; looks < 1000 && now.Count < Timers; looks++)
        {
            Thread.Sleep(10);
            now = look.AskAsync(default).AsTask().GetAwaiter().GetResult();
        }

        Thread.Sleep(50);      // for one too many
        now = look.AskAsync(default).AsTask().GetAwaiter().GetResult();
        ProofChild.Say(string.Create(CultureInfo.InvariantCulture, $"all {now}"));
        Console.In.ReadLine();
        kernel.StopAsync().GetAwaiter().GetResult();
        ProofChild.Say("stopped ");
    }

    private sealed class Clock()
        : DurableAgent<Chimes>(default), IHandle<Wind>, IHandle<Chime>, IAnswer<GetChimes, Chimes>
    {
        // A process that was killed before it said that it is wound up has the same order come twice.
        public void Handle(in Wind message, Context context)
        {
            for (int i = 0; i < message.Timers && State.Wound == 0; i++)
            {
                var delay = TimeSpan.FromMilliseconds((double)i * message.SpreadMs / message.Timers);
                ArmResult armed = context.ArmAfter($"{i}", delay, new Chime(i));
                if (armed != ArmResult.Armed)
                {
                    throw new InvalidOperationException($"{armed}");
                }
            }

            State = State with { Wound = 1 };
        }

        public void Handle(in Chime message, Context context)
        {
            long n = message.Number;
            State = State with { Count = State.Count + 1, Sum = State.Sum + n, Squares = State.Squares + (n * n) };
        }

        public Chimes Answer(in GetChimes request, Context context) => State;
    }
}

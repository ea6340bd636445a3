using System.Diagnostics;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>On a real core: a handler sleeps for five seconds, and the other agents of its core go on within a tenth of
/// one.</summary>
public sealed class BlockedHandlerTests
{
    private const int Tries = 9;
    private const int Others = 8;
    private static readonly TimeSpan s_most = TimeSpan.FromMilliseconds(100);

    private readonly record struct Sleep(int Milliseconds);

    private readonly record struct Question;

    private sealed class Sleeper : Agent, IHandle<Sleep>
    {
        private long _asleepSince;

        public long AsleepSince => Volatile.Read(ref _asleepSince);

        public bool IsOver { get; private set; }

        public void Handle(in Sleep message, Context context)
        {
            Volatile.Write(ref _asleepSince, Stopwatch.GetTimestamp());
            Thread.Sleep(message.Milliseconds);
            IsOver = true;
        }
    }

    private sealed class Other : Agent, IAnswer<Question, long>
    {
        public long Answer(in Question request, Context context) => Stopwatch.GetTimestamp();
    }

    /// <summary>Each try with those of the tries before still asleep. From when the handler is asleep until the last of
    /// the others has answered, which all were asked after that.</summary>
    [Fact(Explicit = true)]      // by hand: what it measures is the machine's too (docs/testing.md)
    public async Task Handle_SleepsFiveSeconds_TheOthersOfItsCoreGoOnWithinATenth()
    {
        var kernel = Kernel.Start(new KernelOptions { Cores = 1 });
        AskCapability<Question, long>[] others =
            [.. Enumerable.Range(0, Others).Select(_ => kernel.GrantAsk<Question, long>(
                kernel.Spawn("other", static () => new Other())))];
        Sleeper[] sleepers = [.. Enumerable.Range(0, Tries).Select(static _ => new Sleeper())];
        AgentId[] ids = [.. sleepers.Select(sleeper => kernel.Spawn("sleeper", () => sleeper))];
        var elapsed = new List<TimeSpan>();
        foreach ((Sleeper sleeper, AgentId id) in sleepers.Zip(ids))
        {
            kernel.Grant<Sleep>(id).Send(new Sleep(5000));
            ThreadKernel.Until(() => sleeper.AsleepSince != 0, "a handler that sleeps");
            long[] answered = await Task.WhenAll(
                others.Select(static other => other.AskAsync(new Question(), ThreadKernel.Patience).AsTask()));
            Assert.False(sleeper.IsOver);
            elapsed.Add(Stopwatch.GetElapsedTime(sleeper.AsleepSince, answered.Max()));
        }

        string seen = string.Join(", ", elapsed.Select(static time => $"{time.TotalMilliseconds:0.0} ms"));
        TestContext.Current.TestOutputHelper?.WriteLine(seen);
        Assert.True(elapsed.Order().ElementAt(Tries / 2) < s_most, seen);
        Assert.Equal(
            ids.Select(static id => (id, (Type?)typeof(Sleep))),
            kernel.ListTurnOverruns().Select(static overrun => (overrun.Agent, overrun.Message)));
        Assert.Equal(Tries, kernel.ListCores()[0].TakeOvers);
        Assert.Empty((await kernel.StopAsync(ThreadKernel.Patience)).StuckCores);
        Assert.All(sleepers, static sleeper => Assert.True(sleeper.IsOver));
    }
}

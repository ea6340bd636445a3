using Xunit;

namespace Outheis.Testing.Tests;

/// <summary>The kernel under a seed: steps, time, the host's side, failures.</summary>
public sealed class SimulationTests
{
    private readonly record struct Number(int Value);

    private readonly record struct Question(int Value);

    private sealed record Note(string Text);

    private sealed class Sum : Agent, IHandle<Number>, IHandle<Note>, IAnswer<Question, int>
    {
        public int Total { get; private set; }

        public void Handle(in Number message, Context context) => Total += message.Value;

        public void Handle(in Note message, Context context) => throw new InvalidDataException(message.Text);

        public int Answer(in Question request, Context context) => Total + request.Value;
    }

    private sealed class Sleeper(TimeProvider time) : Agent, IAnswerAsync<Question, int>
    {
        public async ValueTask<int> AnswerAsync(
            Question request, AgentContext context, CancellationToken cancellationToken)
        {
            await Task.Delay(TimeSpan.FromMinutes(request.Value), time, cancellationToken);
            return request.Value;
        }
    }

    [Fact]
    public void Step_NothingToDo_ReturnsFalseAndTimeStandsStill()
    {
        using var simulation = new Simulation(1);
        simulation.RunUntilIdle();
        long steps = simulation.Steps;
        Assert.False(simulation.Step());
        Assert.Equal((steps, TimeSpan.Zero), (simulation.Steps, simulation.Time.Now));
    }

    [Fact]
    public void RunUntilIdle_MessagesSent_AllAreHandled()
    {
        using var simulation = new Simulation(2);
        var sum = new Sum();
        Capability<Number> add = simulation.Kernel.Grant<Number>(simulation.Kernel.Spawn("sum", () => sum));
        for (int i = 1; i <= 100; i++)
        {
            Assert.Equal(SendResult.Sent, add.Send(new Number(i)));
        }

        Assert.NotEqual(5050, sum.Total);      // nobody runs by itself
        simulation.RunUntilIdle();
        Assert.Equal(5050, sum.Total);
    }

    [Fact]
    public void Result_AnAnswerThatTakesAnHour_ComesAtOnceAndTheClocksHaveMoved()
    {
        using var simulation = new Simulation(3);
        AgentId sleeper = simulation.Kernel.Spawn("sleeper", () => new Sleeper(simulation.ApplicationTime));
        AskCapability<Question, int> ask = simulation.Kernel.GrantAsk<Question, int>(sleeper);
        ValueTask<int> answer = ask.AskAsync(new Question(60), Timeout.InfiniteTimeSpan);
        Assert.Equal(60, simulation.Result(answer, TimeSpan.FromHours(2)));
        Assert.InRange(simulation.Time.Now, TimeSpan.FromHours(1), TimeSpan.FromHours(1.1));
        Assert.Equal(simulation.Time.Now, simulation.ApplicationTime.Now);
    }

    [Fact]
    public void Result_NoAnswerInTime_IsTheAsksOwnTimeout()
    {
        using var simulation = new Simulation(4);
        AgentId sleeper = simulation.Kernel.Spawn("sleeper", () => new Sleeper(simulation.ApplicationTime));
        AskCapability<Question, int> ask = simulation.Kernel.GrantAsk<Question, int>(sleeper);
        AskException late = Assert.Throws<AskException>(() => simulation.Result(ask.AskAsync(new Question(60))));
        Assert.Equal(AskOutcome.TimedOut, late.Outcome);
        Assert.InRange(simulation.Time.Now, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5.1));
    }

    [Fact]
    public void AdvanceTo_TimersOnTheWay_FireAtTheirTimes()
    {
        using var simulation = new Simulation(5);
        List<TimeSpan> fired = [];
        using ITimer once = simulation.ApplicationTime.CreateTimer(
            _ => fired.Add(simulation.ApplicationTime.Now), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using ITimer often = simulation.ApplicationTime.CreateTimer(
            _ => fired.Add(simulation.ApplicationTime.Now), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        Assert.Equal(
            [
                new PendingTimer(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)),
                new PendingTimer(TimeSpan.FromSeconds(3), null),
            ],
            simulation.ApplicationTime.Timers);
        simulation.AdvanceTo(TimeSpan.FromSeconds(5));
        Assert.Equal([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4)], fired);
        Assert.Equal(TimeSpan.FromSeconds(5), simulation.Time.Now);
    }

    [Fact]
    public void JumpWallClock_OfTheApplication_LeavesTheKernelsAlone()
    {
        using var simulation = new Simulation(6);
        DateTimeOffset before = simulation.Time.GetUtcNow();
        simulation.ApplicationTime.JumpWallClock(TimeSpan.FromHours(-3));
        Assert.Equal(before, simulation.Time.GetUtcNow());
        Assert.Equal(before.AddHours(-3), simulation.ApplicationTime.GetUtcNow());
        Assert.Equal(TimeSpan.Zero, simulation.ApplicationTime.Now);
    }

    [Fact]
    public void RunUntil_NeverComes_FailsWithSeedAndStep()
    {
        using var simulation = new Simulation(7);
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(
            () => simulation.RunUntil(() => false, what: "the impossible"));
        Assert.Equal((7UL, "progress"), (failure.Seed, failure.Promise));
        Assert.Contains("the impossible", failure.Message, StringComparison.Ordinal);
        Assert.Contains("seed=7 step=", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unsupervised_AnAgentFails_IsListedWithItsReason()
    {
        using var simulation = new Simulation(8);
        Capability<Note> note = simulation.Kernel.Grant<Note>(simulation.Kernel.Spawn("sum", () => new Sum()));
        Assert.Equal(SendResult.Sent, note.Send(new Note("bad")));
        simulation.RunUntilIdle();
        ExitSignal exit = Assert.Single(simulation.Unsupervised);
        Assert.Equal("bad", exit.Reason.Exception!.Message);
    }

    [Fact]
    public void Step_WorkFromAForeignThread_IsToldOff()
    {
        using var simulation = new Simulation(9);
        var foreign = new Thread(() => simulation.Host.Context.Post(static _ => { }, null));
        foreign.Start();
        foreign.Join();
        Assert.Equal("one thread", Assert.Throws<SimulationFailedException>(() => simulation.Step()).Promise);
    }

    [Fact]
    public void Step_WithinAnAct_Throws()
    {
        using var simulation = new Simulation(10);
        Exception? thrown = null;
        simulation.AddActor("greedy", () =>
        {
            thrown = Record.Exception(() => simulation.Step());
            return false;
        });
        simulation.RunUntilIdle();
        Assert.IsType<InvalidOperationException>(thrown);
    }

    [Fact]
    public void Actor_Throws_FailsTheSimulationAndNotAnAgent()
    {
        using var simulation = new Simulation(11);
        simulation.AddActor("clumsy", () => throw new InvalidDataException("slip"));
        Assert.Throws<InvalidDataException>(simulation.RunUntilIdle);
    }

    [Fact]
    public void Stop_WorkUnderWay_DrainsIt()
    {
        using var simulation = new Simulation(12);
        var sum = new Sum();
        Capability<Number> add = simulation.Kernel.Grant<Number>(simulation.Kernel.Spawn("sum", () => sum));
        Assert.Equal(SendResult.Sent, add.Send(new Number(7)));
        Assert.True(simulation.Stop().Drained);
        Assert.Equal((7, SendResult.Dead), (sum.Total, add.Send(new Number(1))));
    }

    [Fact]
    public void AdvanceTo_AnySeed_StopsThereAndFiresNothingLater()
    {
        for (ulong seed = 1; seed <= 1000; seed++)
        {
            using var simulation = new Simulation(seed);
            bool fired = false;
            using ITimer later = simulation.Time.CreateTimer(
                _ => fired = true, null, TimeSpan.FromSeconds(20), Timeout.InfiniteTimeSpan);
            Probe<Number> probe = simulation.Probe<Number>();
            simulation.AdvanceTo(TimeSpan.FromSeconds(5));
            simulation.AdvanceBy(TimeSpan.FromSeconds(2));
            probe.ExpectNothing(TimeSpan.FromSeconds(3));
            Assert.Equal((seed, false, 10), (seed, fired, simulation.Time.Now.TotalSeconds));
        }
    }

    [Fact]
    public void RunUntilIdle_AnySeed_LeavesTimeAloneOnceNobodyCanDoAnything()
    {
        for (ulong seed = 1; seed <= 1000; seed++)
        {
            using var simulation = new Simulation(seed, new SimulationOptions { TimeMovesOneIn = 1 });
            simulation.RunUntilIdle();
            TimeSpan idle = simulation.Time.Now;
            using ITimer later = simulation.Time.CreateTimer(
                static _ => { }, null, TimeSpan.FromSeconds(20), Timeout.InfiniteTimeSpan);
            simulation.RunUntilIdle();
            Assert.Equal((seed, idle), (seed, simulation.Time.Now));
        }
    }

    [Fact]
    public void Dispose_OutOfOrder_LeavesNothingOfThemInTheThread()
    {
        Interference? outer = Interference.Current;
        var first = new Simulation(14, new SimulationOptions { InterruptOneIn = 1 });
        var second = new Simulation(15, new SimulationOptions { InterruptOneIn = 1 });
        Interference left = first.Interruptions;
        first.Dispose();
        Assert.Same(second.Interruptions, Interference.Current);
        second.Dispose();
        Assert.Same(outer, Interference.Current);
        left.Happen(Moment.Published);      // of a kernel whose memory is gone
        Assert.Throws<ObjectDisposedException>(() => first.Step());
        first.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Run_SameSeed_SameTrace(int interruptOneIn)
    {
        ulong[] hashes = [.. Enumerable.Range(0, 3).Select(_ => HashOf(13, interruptOneIn))];
        Assert.Equal(hashes[0], hashes[1]);
        Assert.Equal(hashes[0], hashes[2]);
        Assert.NotEqual(hashes[0], HashOf(14, interruptOneIn));
    }

    [Fact]
    public void Step_FromAnotherThread_IsRefused()
    {
        using var simulation = new Simulation(1);
        Exception? refused = null;
        var other = new Thread(() => refused = Record.Exception(() => simulation.Step()));
        other.Start();
        other.Join();
        Assert.IsType<InvalidOperationException>(refused);
        Assert.Equal(0, simulation.Steps);
    }

    [Fact]
    public void Timer_ChangedAfterItsEnd_StaysDead()
    {
        var time = new VirtualTime();
        int fired = 0;
        ITimer timer = time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Dispose();
        Assert.False(timer.Change(TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan));
        time.AdvanceBy(TimeSpan.FromSeconds(5));
        Assert.Equal(0, fired);
    }

    private static ulong HashOf(ulong seed, int interruptOneIn)
    {
        var options = new SimulationOptions { Cores = 3, InterruptOneIn = interruptOneIn };
        using var simulation = new Simulation(seed, options);
        Capability<Number>[] all = [.. Enumerable.Range(0, 6).Select(_ =>
            simulation.Kernel.Grant<Number>(simulation.Kernel.Spawn(null, () => new Sum())))];
        int left = 50;
        simulation.AddActor("sender", () =>
        {
            Assert.Equal(SendResult.Sent, simulation.Choices.Pick(all).Send(new Number(left)));
            return --left > 0;
        });
        simulation.RunToEnd();
        return simulation.Trace.Hash;
    }
}

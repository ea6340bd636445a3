using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Durable;

/// <summary>What waits for an agent comes to it once, however many incarnations end before they come to it.</summary>
public sealed class HandOverTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Deposit>().AddRequest<GetBalance, Money>();

    private readonly List<long> _handled = [];
    private SimulatedDisk _left = new();

    [Fact]
    public void Waiting_WhenAHandlerAndThenAStartFail_IsHandledOnce()
    {
        var disk = new SimulatedDisk();
        var world = new StepKernel(cores: 1, disk: disk, codecs: Codecs);
        AgentId busy = world.Kernel.Spawn("account", static () => new Busy());
        world.Kernel.Grant<Deposit>(busy).SendAll(Enumerable.Range(1, 4).Select(static i => new Deposit(i)));
        world.Run();      // it took the first, and the others wait
        DiskImage left = disk.Snapshot();
        world.Abandon();
        world = new StepKernel(cores: 1, disk: SimulatedDisk.From(left), codecs: Codecs);
        int starts = 0;
        AgentId supervisor = world.Kernel.Spawn(new Restarter());
        AgentId account = world.Kernel.Spawn(
            "account", () => new Fragile(++starts == 2, Handle), new SpawnOptions { Supervisor = supervisor });
        world.RunUntil(() => _handled.Count == 4);
        world.Run();
        Assert.Equal([2, 2, 3, 4], _handled);
        Assert.Equal(9, world.Result(world.Kernel.GrantAsk<GetBalance, Money>(account).AskAsync(default)).Cents);
        world.Stop();
    }

    /// <summary>A turn that a kill cut off, and a first start in the next process that fails before it comes to it: the
    /// second one finishes it.</summary>
    [Fact]
    public void CutOffTurn_WhenTheFirstStartFails_IsFinishedByTheNext()
    {
        StepKernel world = WithCutOffTurn([1, 2]);
        SpawnForwarder(world, failsAt: 1);
        world.RunUntil(() => _handled.Contains(2));
        world.Run();
        Assert.Equal([1, 2], _handled);      // the 1 again: the sink is no durable agent, and was not told in time
        world.Stop();
    }

    /// <summary>What fails is the turn itself, in one of the cells that held requests before: it is tried again all the
    /// same.</summary>
    [Fact]
    public void CutOffTurn_WhenItFailsInTheCellOfAnAsk_IsTriedAgain()
    {
        StepKernel world = WithCutOffTurn([2]);
        AgentId other = world.Kernel.Spawn("other", static () => new Fragile(failsToStart: false, static _ => { }));
        AskCapability<GetBalance, Money> ask = world.Kernel.GrantAsk<GetBalance, Money>(other);
        Task[] asked = [.. Enumerable.Range(0, 20).Select(_ => ask.AskAsync(default).AsTask())];
        world.RunUntil(() => Array.TrueForAll(asked, static one => one.IsCompleted));
        SpawnForwarder(world, failsAt: 1);
        world.RunUntil(() => _handled.Count > 0 || world.Kernel.DeadLetters.Total > 0);
        Assert.Equal([2], _handled);
        world.Stop();
    }

    /// <summary>Nor does it matter that the process in which every start fails ends as it should.</summary>
    [Fact]
    public void CutOffTurn_WhenAWholeProcessCannotStartIt_IsFinishedByTheNext()
    {
        StepKernel world = WithCutOffTurn([1, 2]);
        world.Kernel.Spawn("account", static () => new Forwarder(fails: true, default, []));
        world.Run();
        world.Stop();
        _handled.Clear();
        world = new StepKernel(cores: 1, disk: _left, codecs: Codecs);
        SpawnForwarder(world, failsAt: 0);
        world.RunUntil(() => _handled.Contains(2));
        world.Stop();
    }

    /// <summary>A request is finished too. Whoever asked has gone, and its number is that of somebody else's
    /// ask.</summary>
    [Fact]
    public void CutOffTurn_OfARequest_AnswersNobodyElsesAsk()
    {
        var disk = new SimulatedDisk();
        var world = new StepKernel(cores: 1, disk: disk, codecs: Codecs);
        var gate = new TaskCompletionSource<Money>();
        bool isAtIt = false;
        _ = Ask(world, SpawnDebtor(world));
        world.RunUntil(() => isAtIt);
        DiskImage left = disk.Snapshot();
        world.Abandon();
        world = new StepKernel(cores: 1, disk: SimulatedDisk.From(left), codecs: Codecs);
        var other = new TaskCompletionSource<Money>();
        Task<Money> reply = Ask(world, SpawnSlow(world, "other", other));
        world.Run();
        SpawnDebtor(world);
        world.Run();
        gate.SetResult(default);      // only now, when nothing is handled once more, can it come to its end
        world.RunUntil(() => world.CoreAt(0).Counters.LateReplies == 1 || reply.IsCompleted);
        Assert.False(reply.IsCompleted);
        other.SetResult(new Money(3, 0, 0, 0));
        Assert.Equal(3, world.Result(reply).Cents);
        world.Stop();

        AgentId SpawnDebtor(StepKernel on)
        {
            AgentId bank = SpawnSlow(on, "bank", gate);
            return on.Kernel.Spawn(
                "debtor", who => new Debtor(who.GrantAsk<GetBalance, Money>(bank), () => isAtIt = true));
        }

        static AgentId SpawnSlow(StepKernel on, string name, TaskCompletionSource<Money> answer) => on.Kernel.Spawn(
            new AsyncAnswerer<GetBalance, Money>((_, _, _) => new ValueTask<Money>(answer.Task)), name: name);

        static Task<Money> Ask(StepKernel on, AgentId agent) =>
            on.Kernel.GrantAsk<GetBalance, Money>(agent).AskAsync(default, Timeout.InfiniteTimeSpan).AsTask();
    }

    private StepKernel WithCutOffTurn(int[] deposits)
    {
        var disk = new SimulatedDisk();
        var world = new StepKernel(cores: 1, disk: disk, codecs: Codecs);
        SpawnForwarder(world, failsAt: 0).SendAll(deposits.Select(static cents => new Deposit(cents)));
        world.RunUntil(() => _handled.Contains(-2));
        DiskImage left = disk.Snapshot();
        world.Abandon();
        _handled.Clear();
        _left = SimulatedDisk.From(left);
        return new StepKernel(cores: 1, disk: _left, codecs: Codecs);
    }

    private Capability<Deposit> SpawnForwarder(StepKernel on, int failsAt)
    {
        int starts = 0;
        AgentId supervisor = on.Kernel.Spawn(new Restarter());
        AgentId sink = on.Kernel.Spawn(
            new Receiver<Deposit>((in Deposit got, Context _) => _handled.Add(got.Cents)), name: "sink");
        return on.Kernel.Grant<Deposit>(on.Kernel.Spawn(
            "account", who => new Forwarder(++starts == failsAt, who.Grant<Deposit>(sink), _handled),
            new SpawnOptions { Supervisor = supervisor }));
    }

    private void Handle(long number)
    {
        _handled.Add(number);
        if (_handled.Count == 1)
        {
            throw new InvalidOperationException("on purpose");
        }
    }

    /// <summary>Is about to ask the world outside when it is killed; in doubt afterwards, it asks its bank.</summary>
    private sealed class Debtor(AskCapability<GetBalance, Money> bank, Action act)
        : DurableAgent<Money>(default), IAnswerAsync<GetBalance, Money>
    {
        public async ValueTask<Money> AnswerAsync(
            GetBalance request, AgentContext context, CancellationToken cancellationToken)
        {
            await context.EffectAsync("ask", async (_, _) =>
            {
                act();
                return await new TaskCompletionSource<long>().Task;
            });
            await context.AskAsync(bank, default, Timeout.InfiniteTimeSpan, CancellationToken.None);
            return new Money(666, 0, 0, 0);
        }
    }

    private sealed class Busy : Agent, IHandleAsync<Deposit>
    {
        public async ValueTask HandleAsync(
            Deposit message, AgentContext context, CancellationToken cancellationToken) =>
            await new TaskCompletionSource().Task;
    }

    /// <summary>Asks the world outside, which never answers about the second message, and passes on.</summary>
    private sealed class Forwarder(bool fails, Capability<Deposit> sink, List<long> asked)
        : DurableAgent<Money>(default), IHandleAsync<Deposit>
    {
        public async ValueTask HandleAsync(
            Deposit message, AgentContext context, CancellationToken cancellationToken)
        {
            if (fails)
            {
                throw new InvalidOperationException("on purpose");
            }

            await context.EffectAsync("ask", async (_, _) =>
            {
                asked.Add(-message.Cents);
                return message.Cents == 1 ? 1L : await new TaskCompletionSource<long>().Task;
            });
            context.Send(sink, message);
        }
    }

    private sealed class Fragile(bool failsToStart, Action<long> handle)
        : DurableAgent<Money>(default), IHandle<Deposit>, IAnswer<GetBalance, Money>
    {
        protected internal override void OnStart(Context context)
        {
            if (failsToStart)
            {
                throw new InvalidOperationException("on purpose");
            }
        }

        public void Handle(in Deposit message, Context context)
        {
            handle(message.Cents);
            State = State with { Cents = State.Cents + message.Cents };
        }

        public Money Answer(in GetBalance request, Context context) => State;
    }
}

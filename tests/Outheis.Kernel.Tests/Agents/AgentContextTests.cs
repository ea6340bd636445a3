using System.Globalization;
using Xunit;

namespace Outheis.Tests;

/// <summary>What the context of an asynchronous turn says and allows, also after its incarnation has ended.</summary>
public sealed class AgentContextTests : IDisposable
{
    private readonly StepKernel _world = new();
    private readonly List<object> _seen = [];

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Context_OfAnAsyncTurn_SaysWhoSentWhatAndWhenAlsoAfterAnAwait()
    {
        AgentId sender = Kernel.Spawn(new Puppet());
        AgentId target = Kernel.Spawn(new AsyncReceiver<int>(async (_, context, _) =>
        {
            await Task.Yield();
            _seen.AddRange([context.Self, context.Sender, context.Badge, context.Incarnation, context.Position]);
            _seen.AddRange([context.UtcNow, context.Uptime]);
            Assert.NotEqual(context.NextRandom(), context.NextRandom());
        }));
        Capability<int> to = Kernel.GrantTo<int>(sender, target, badge: 7);
        _world.Time.AdvanceBy(TimeSpan.FromSeconds(2));
        Kernel.Do(sender, context => context.Send(to, 1));
        _world.RunUntil(() => _seen.Count == 7);
        Assert.Equal(
            [target, sender, 7ul, 1u, 0L, _world.Time.GetUtcNow(), TimeSpan.FromSeconds(2)], _seen);
    }

    [Fact]
    public void Derive_InAnAsyncTurn_GivesWhatAContextGives()
    {
        List<int> received = [];
        AgentId agent = Kernel.Spawn(new Puppet());
        AgentId friend = Kernel.Spawn(new Puppet());
        Capability<int> root = Kernel.GrantTo<int>(agent, Kernel.Receive(received), Rights.Send | Rights.Grant);
        Capability<int> derived = default;
        Kernel.DoAsync(agent, async context =>
        {
            await Task.Yield();
            _seen.Add(context.Derive(root, friend, Rights.Send, 0, out derived));
            _seen.Add(context.Derive(derived, friend, Rights.Send, 0, out _));
        });
        _world.RunUntil(() => _seen.Count == 2);
        Assert.Equal([DeriveResult.Derived, DeriveResult.Denied], _seen);
        Kernel.Do(friend, context => context.Send(derived, 5));
        _world.Run();
        Assert.Equal([5], received);
    }

    /// <summary>The incarnation is stopped while it awaits; its code runs on in vain.</summary>
    [Fact]
    public void Context_AfterTheEndOfItsIncarnation_MayDoNothing()
    {
        var gate = new TaskCompletionSource();
        List<int> received = [];
        AgentId target = Kernel.Receive(received);
        AgentId callee = Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x));
        AgentId agent = Kernel.Spawn(new Puppet());
        Capability<int> to = Kernel.GrantTo<int>(agent, target, Rights.Send | Rights.Grant);
        AskCapability<int, int> ask = Kernel.GrantAskTo<int, int>(agent, callee);
        Kernel.DoAsync(agent, async context =>
        {
            await gate.Task;
            _seen.Add(context.Send(to, 1));
            _seen.Add(context.Derive(to, target, Rights.Send, 0, out _));
            context.Stop();
            AskException refused = await Assert.ThrowsAsync<AskException>(
                async () => await context.AskAsync(ask, 1));
            _seen.Add(refused.Outcome);
        });
        Kernel.Do(agent, context => throw new InvalidDataException("never: the agent awaits"));
        _world.Run();
        Kernel.Agents.Find(agent.Value)!.Core.Post(new EndOp(Kernel.Agents.Find(agent.Value)!));
        _world.Run();
        gate.SetResult();
        _world.RunUntil(() => _seen.Count == 3);
        Assert.Equal([SendResult.Denied, DeriveResult.Denied, AskOutcome.Denied], _seen);
        Assert.Empty(received);
    }

    private sealed class EndOp(AgentCell agent) : KernelOp
    {
        public override void Run(Core core) => Lifecycle.End(core, agent, ExitReason.Shutdown);
    }

    [Fact]
    public void Stop_InAnAsyncTurn_EndsTheIncarnationWhenTheTurnDoes()
    {
        AgentId agent = Kernel.Spawn(new Puppet { Stopped = reason => _seen.Add(reason.Kind) });
        Kernel.DoAsync(agent, async context =>
        {
            context.Stop();
            context.Stop(ExitReason.Shutdown);      // the first one counts
            await Task.Yield();
            _seen.Add("still here");
        });
        _world.RunUntil(() => _seen.Count == 2);
        Assert.Equal(["still here", ExitKind.Normal], _seen);
    }

    [Fact]
    public void SynchronizationContext_Send_IsRefusedAndACopyIsItself()
    {
        AgentId agent = Kernel.Spawn(new Puppet());
        Kernel.DoAsync(agent, _ =>
        {
            SynchronizationContext current = SynchronizationContext.Current!;
            _seen.Add(ReferenceEquals(current, current.CreateCopy()));
            _seen.Add(Record.Exception(() => current.Send(static _ => { }, null))!.GetType());
            return default;
        });
        _world.Run();
        Assert.Equal([true, typeof(NotSupportedException)], _seen);
    }

    [Fact]
    public void SendAsync_AwaitedTwice_ThrowsAndDisturbsNobody()
    {
        AgentId target = Kernel.Receive<int>([], core: 1, capacity: 1);
        AgentId agent = Kernel.Spawn(new Puppet(), core: 0);
        Capability<int> to = Kernel.GrantTo<int>(agent, target);
        Kernel.DoAsync(agent, async context =>
        {
            _seen.Add(await context.SendAsync(to, 0));
            ValueTask<SendResult> waiting = context.SendAsync(to, 1);
            _seen.Add(await waiting);
            _seen.Add((await Record.ExceptionAsync(async () => await waiting))!.GetType());
        });
        _world.Run();
        Assert.Equal([SendResult.Sent, SendResult.Sent, typeof(InvalidOperationException)], _seen);
    }

    [Fact]
    public void SendAsync_WhileFullWithATokenThatFired_IsCancelledAtOnce()
    {
        AgentId target = Kernel.Receive<int>([], core: 1, capacity: 1);
        AgentId agent = Kernel.Spawn(new Puppet(), core: 0);
        Capability<int> to = Kernel.GrantTo<int>(agent, target);
        var fired = new CancellationToken(canceled: true);
        Kernel.DoAsync(agent, context =>
        {
            _seen.Add(context.Send(to, 0));
            _seen.Add(context.SendAsync(to, 1, fired).AsTask().IsCanceled);
            return default;
        });
        _world.Run();
        Assert.Equal([SendResult.Sent, true], _seen);
    }

    [Fact]
    public void AskAsync_WithATokenThatFired_IsCancelledAtOnceAndAsksNobody()
    {
        int asked = 0;
        AgentId callee = Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => asked = x));
        AgentId agent = Kernel.Spawn(new Puppet());
        AskCapability<int, int> ask = Kernel.GrantAskTo<int, int>(agent, callee);
        var fired = new CancellationToken(canceled: true);
        Kernel.DoAsync(agent, context =>
        {
            _seen.Add(context.AskAsync(ask, 1, cancellationToken: fired).AsTask().IsCanceled);
            return default;
        });
        _world.Run();
        Assert.Equal([true], _seen);
        Assert.True(Kernel.GrantAsk<int, int>(callee).AskAsync(1, cancellationToken: fired).AsTask().IsCanceled);
        _world.Run();
        Assert.Equal(0, asked);
    }

    [Fact]
    public void AskAsync_WithTheTurnsTokenOfAnAgentThatIsStopped_EndsAndTellsTheCallee()
    {
        bool calleeSaw = false;
        AgentId callee = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (_, _, token) =>
            {
                await Task.Delay(Timeout.Infinite, token).ContinueWith(
                    _ => calleeSaw = true, TaskScheduler.Default);
                return 0;
            }), core: 1);
        AgentId agent = Kernel.Spawn(new Puppet(), core: 0);
        AskCapability<int, int> ask = Kernel.GrantAskTo<int, int>(agent, callee);
        Kernel.DoAsync(agent, async (context, token) => _seen.Add((await Record.ExceptionAsync(
            async () => await context.AskAsync(ask, 1, Timeout.InfiniteTimeSpan, token)))!.GetType()));
        _world.Run();
        Assert.Empty(_seen);
        _world.Wait(Kernel.StopAgentAsync(agent));
        _world.RunUntil(() => _seen.Count == 1 && calleeSaw, "the end of the ask");
        Assert.Equal([typeof(OperationCanceledException)], _seen);
        Assert.Equal(0, _world.CoreAt(0).Replies.Pending);
    }

    private sealed class Callable : Puppet, IAnswer<int, int>
    {
        public int Answer(in int request, Context context) => request + 1;
    }

    [Fact]
    public void Endowment_AtBirth_NamesTheAgentAndLetsItAsk()
    {
        AgentId callee = Kernel.Spawn(new Callable());
        AgentId self = default;
        AskCapability<int, int> ask = default;
        AgentId agent = Kernel.Spawn("asker", endow =>
        {
            self = endow.Self;
            ask = endow.GrantAsk<int, int>(callee, purpose: "to learn");
            return new Puppet();
        });
        Kernel.DoAsync(agent, async context => _seen.Add(await context.AskAsync(ask, 1)));
        _world.Run();
        Assert.Equal([2], _seen);
        Assert.Equal(agent, self);
        Assert.Equal("to learn", Assert.Single(Kernel.ListCapabilities(), right => right.Holder == agent).Purpose);
    }

    /// <summary>A value that flows with the execution context, and the culture, which does so too; also if its flow was
    /// stopped.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Turn_AfterOneThatLeftSomethingAround_FindsNothing(bool stopsFlow)
    {
        using var world = new StepKernel(cores: 1);
        var around = new AsyncLocal<int>();
        var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        other.NumberFormat.NegativeSign = "minus ";
        List<(int Value, string Number, bool Flows)> found = [];
        AgentId first = world.Kernel.Spawn(new Puppet()), second = world.Kernel.Spawn(new Puppet());
        world.Kernel.Do(first, _ =>
        {
            around.Value = 7;
            CultureInfo.CurrentCulture = other;
            if (stopsFlow)
            {
                ExecutionContext.SuppressFlow();
            }
        });
        world.Kernel.Do(second, _ => Look());
        world.Pass(0);      // in turns right behind each other
        Assert.Single(found);
        world.Kernel.Do(first, _ => around.Value = 7);
        world.Kernel.Spawn(new Puppet { Started = _ => Look() });
        world.Run();
        Assert.Empty(world.Failures);
        Assert.Equal(2, found.Count);
        Assert.All(found, one => Assert.Equal((0, "-1", true), one));

        void Look() =>
            found.Add((around.Value, (-1).ToString(CultureInfo.CurrentCulture), !ExecutionContext.IsFlowSuppressed()));
    }

    [Fact]
    public async Task Start_WithSomethingAround_AgentsFindNothing()
    {
        var around = new AsyncLocal<int> { Value = 7 };
        await using Kernel kernel = ThreadKernel.Start();
        var found = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        kernel.Spawn(new Puppet { Started = _ => found.SetResult(around.Value) });
        Assert.Equal(0, await ThreadKernel.Within(new ValueTask<int>(found.Task)));
    }
}

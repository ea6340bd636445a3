using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>One agent asks another, under a seed and in virtual time.</summary>
public sealed class AskTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly StepKernel _world = new(31);
    private readonly List<object?> _outcomes = [];

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    /// <summary>Has a new agent ask once and writes down what came of it.</summary>
    private AgentId Ask(
        AgentId callee, int request = 1, TimeSpan? timeout = null, int core = 0, CancellationToken token = default)
    {
        AgentId asker = Kernel.Spawn(new Puppet(), core, name: "asker");
        AskAgain(asker, Kernel.GrantAskTo<int, int>(asker, callee), request, timeout, token);
        return asker;
    }

    private void AskAgain(
        AgentId asker, AskCapability<int, int> to, int request = 1, TimeSpan? timeout = null,
        CancellationToken token = default) =>
        Kernel.DoAsync(asker, async context =>
        {
            try
            {
                _outcomes.Add(await context.AskAsync(to, request, timeout, token));
            }
            catch (AskException failed)
            {
                _outcomes.Add(failed.Outcome);
            }
            catch (OperationCanceledException cancelled)
            {
                _outcomes.Add(cancelled.CancellationToken);
            }
        });

    private AgentId Doubler(int core = 1) => Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => 2 * x), core);

    /// <summary>Answers when the gate opens, whatever its token says.</summary>
    private AgentId Slow(TaskCompletionSource gate, List<bool>? cancelled = null, int core = 1) =>
        Kernel.Spawn(new AsyncAnswerer<int, int>(async (x, _, token) =>
        {
            await gate.Task;
            cancelled?.Add(token.IsCancellationRequested);
            return x;
        }), core);

    [Theory, InlineData(0), InlineData(1)]
    public void Ask_CalleeAnswers_GetsTheReply(int core)
    {
        Ask(Doubler(core), 21);
        _world.Run();
        Assert.Equal([42], _outcomes);
        AssertBaseline();
    }

    [Fact]
    public void Ask_ReplyTypesOfEveryKind_ComeBackWhole()
    {
        AgentId asker = Kernel.Spawn(new Puppet(), core: 0);
        AgentId first = Kernel.Spawn(
            new Answerer<BoxedMessage, SharedMessage>((in BoxedMessage b, Context _) => new(b.Check)), core: 1);
        AgentId second = Kernel.Spawn(
            new Answerer<SharedMessage, NamedMessage>((in SharedMessage s, Context _) => new(s.Number, "n")), core: 1);
        AgentId third = Kernel.Spawn(
            new AsyncAnswerer<NamedMessage, WideMessage>((n, _, _) => new(new WideMessage(n.Number, 0, 0, 0, 0, 9))),
            core: 0);
        AskCapability<BoxedMessage, SharedMessage> letters =
            Kernel.GrantAskTo<BoxedMessage, SharedMessage>(asker, first);
        AskCapability<SharedMessage, NamedMessage> names =
            Kernel.GrantAskTo<SharedMessage, NamedMessage>(asker, second);
        AskCapability<NamedMessage, WideMessage> wides = Kernel.GrantAskTo<NamedMessage, WideMessage>(asker, third);
        Kernel.DoAsync(asker, async context =>
        {
            SharedMessage letter = await context.AskAsync(letters, new BoxedMessage(1, 0, 0, 0, 0, 0, 7));
            NamedMessage name = await context.AskAsync(names, letter);
            _outcomes.Add(await context.AskAsync(wides, name));
        });
        _world.Run();
        Assert.Equal([new WideMessage(7, 0, 0, 0, 0, 9)], _outcomes);
        AssertBaseline();
    }

    [Fact]
    public void Ask_ManyAtOnce_EachGetsItsOwnReply()
    {
        AgentId callee = Doubler();
        AgentId asker = Kernel.Spawn(new Puppet(), core: 0);
        AskCapability<int, int> to = Kernel.GrantAskTo<int, int>(asker, callee);
        Kernel.DoAsync(asker, async context =>
        {
            Task<int>[] asks = [.. Enumerable.Range(0, 300).Select(i => context.AskAsync(to, i).AsTask())];
            _outcomes.AddRange((await Task.WhenAll(asks)).Cast<object>());
        });
        _world.RunUntil(() => _outcomes.Count > 0);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (object)(2 * i)), _outcomes);
        AssertBaseline();
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Ask_NoReplyInTime_TimesOutAndTellsTheCallee(int core)
    {
        var gate = new TaskCompletionSource();
        List<bool> cancelled = [];
        Ask(Slow(gate, cancelled, core), timeout: Second);
        _world.Advance(Second - TimeSpan.FromMilliseconds(1));
        Assert.Empty(_outcomes);
        _world.Advance(Limits.SweepPeriod * 2);
        Assert.Equal([AskOutcome.TimedOut], _outcomes);

        gate.SetResult();
        _world.RunUntil(() => Kernel.DeadLetters.Count(DeadLetterReason.LateReply) == 1, "the late reply");
        Assert.Equal([true], cancelled);
        Assert.Equal(1, Kernel.ListCores().Sum(c => c.LateReplies));
        Assert.Equal([AskOutcome.TimedOut], _outcomes);
        AssertBaseline();
    }

    [Fact]
    public void Ask_NothingSaid_WaitsTheDefaultTimeout()
    {
        Ask(Slow(new TaskCompletionSource()));
        _world.Advance(Limits.AskTimeout - TimeSpan.FromMilliseconds(5));
        Assert.Empty(_outcomes);
        _world.Advance(TimeSpan.FromMilliseconds(30));
        Assert.Equal([AskOutcome.TimedOut], _outcomes);
    }

    public static TheoryData<TimeSpan> Endless { get; } = new(Timeout.InfiniteTimeSpan, TimeSpan.MaxValue);

    [Theory, MemberData(nameof(Endless))]
    public void Ask_EndlessTimeout_WaitsAndLetsTheCoreSleep(TimeSpan timeout)
    {
        var gate = new TaskCompletionSource();
        Ask(Slow(gate), timeout: timeout);
        _world.Run();
        _world.Time.AdvanceBy(TimeSpan.FromDays(40));
        _world.Run();
        Assert.Empty(_outcomes);
        Assert.InRange(_world.CoreAt(0).SleepAtMost().TotalMilliseconds, -1, int.MaxValue);
        gate.SetResult();
        _world.RunUntil(() => _outcomes.Count == 1);
        Assert.Equal([1], _outcomes);
    }

    [Fact]
    public void SleepAtMost_AfterTheLastAsk_IsForEver()
    {
        Ask(Doubler());
        _world.Run();
        _world.Advance(Limits.AskTimeout * 2);
        Assert.Equal(Timeout.InfiniteTimeSpan, _world.CoreAt(0).SleepAtMost());
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Ask_AskerCancels_CalleeSeesItAndTheTokenComesBack(int core)
    {
        using var source = new CancellationTokenSource();
        var gate = new TaskCompletionSource();
        List<bool> cancelled = [];
        Ask(Slow(gate, cancelled, core), token: source.Token);
        _world.Run();
        source.Cancel();
        _world.RunUntil(() => _outcomes.Count == 1);
        Assert.Equal([source.Token], _outcomes);
        gate.SetResult();
        _world.RunUntil(() => cancelled.Count == 1);
        Assert.Equal([true], cancelled);
        _world.Run();
        AssertBaseline();
    }

    [Fact]
    public void Ask_TokenFiredBefore_NothingIsSent()
    {
        int asked = 0;
        Ask(Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => ++asked)), token: new CancellationToken(true));
        _world.Run();
        Assert.Equal([new CancellationToken(true)], _outcomes);
        Assert.Equal(0, asked);
        AssertBaseline();
    }

    [Fact]
    public void Ask_GivenUpWhileQueued_IsNotHandled()
    {
        using var source = new CancellationTokenSource();
        int asked = 0;
        AgentId callee = Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => ++asked), core: 1);
        AgentId asker = Ask(callee, token: source.Token, core: 0);
        PassUntil(0, () => Kernel.Agents.Find(asker.Value)!.State == AgentState.Waiting);
        source.Cancel();
        PassUntil(0, () => _outcomes.Count == 1);
        _world.Run();
        Assert.Equal([source.Token], _outcomes);
        Assert.Equal(0, asked);
        Assert.Equal(1, Kernel.DeadLetters.Count(DeadLetterReason.AskAbandoned));
        AssertBaseline();
    }

    [Fact]
    public void Ask_SynchronousAnswererPolls_SeesTheCancellation()
    {
        using var source = new CancellationTokenSource();
        List<bool> seen = [];
        TaskCompletionSource inside = new();
        AgentId callee = Kernel.Spawn(new Answerer<int, int>((in int x, Context context) =>
        {
            seen.Add(context.IsCancellationRequested);
            source.Cancel();
            Core self = Core.OfThisThread!;      // let the asker's core take note, as it would on its own thread
            Core.Leave();
            PassUntil(0, () => _outcomes.Count == 1);
            self.Enter();
            seen.Add(context.IsCancellationRequested);
            return x;
        }), core: 1);
        Ask(callee, token: source.Token, core: 0);
        _world.Run();
        Assert.Equal([false, true], seen);
        Assert.Equal(1, Kernel.DeadLetters.Count(DeadLetterReason.LateReply));
        AssertBaseline();
    }

    [Fact]
    public void Ask_Itself_IsRefusedAtOnce()
    {
        AgentId agent = Doubler();
        AskAgain(agent, Kernel.GrantAskTo<int, int>(agent, agent));
        _world.Run();
        Assert.Equal([AskOutcome.SelfAsk], _outcomes);
        AssertBaseline();
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Ask_CalleeThrows_FailsWithTheCause(int core)
    {
        var bug = new InvalidDataException("bug");
        Exception? cause = null;
        AgentId callee = Kernel.Spawn(new Answerer<int, int>((in int _, Context _) => throw bug), core, name: "callee");
        AgentId asker = Kernel.Spawn(new Puppet(), core: 0);
        AskCapability<int, int> to = Kernel.GrantAskTo<int, int>(asker, callee);
        Kernel.DoAsync(asker, async context =>
        {
            AskException failed = await Assert.ThrowsAsync<AskException>(async () => await context.AskAsync(to, 1));
            cause = failed.InnerException;
            _outcomes.Add(failed.Outcome);
        });
        _world.RunUntil(() => _outcomes.Count == 1);
        Assert.Equal([AskOutcome.Failed], _outcomes);
        Assert.Same(bug, cause);
        Assert.Same(bug, Assert.Single(_world.Failures).Reason.Exception);
        Assert.Equal(1, Kernel.DeadLetters.Count(DeadLetterReason.HandlerFailed));
        _world.Run();
        AssertBaseline();
    }

    [Fact]
    public void Ask_CalleeThrowsAfterAnAwait_FailsOnce()
    {
        AgentId callee = Kernel.Spawn(new AsyncAnswerer<int, int>(async (_, _, _) =>
        {
            await Task.Yield();
            throw new InvalidDataException("bug");
        }), core: 1);
        Ask(callee);
        _world.RunUntil(() => _outcomes.Count == 1);
        _world.Run();
        Assert.Equal([AskOutcome.Failed], _outcomes);
        AssertBaseline();
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Ask_CalleeDiesWhileItIsQueued_IsDead(int core)
    {
        AgentId callee = Doubler(core);
        Kernel.DoAsync(callee, async _ => await new TaskCompletionSource().Task);      // keeps it busy
        Ask(callee);
        _world.Run();
        Kernel.Agents.Find(callee.Value)!.Core.Post(new Killing(Kernel.Agents.Find(callee.Value)!));
        _world.Run();
        Assert.Equal([AskOutcome.Dead], _outcomes);
        AssertBaseline();
    }

    [Fact]
    public void Ask_CalleeEndsWhileItAnswers_IsDeadAndTheLateReplyGoesNowhere()
    {
        var gate = new TaskCompletionSource();
        AgentId callee = Slow(gate);
        Ask(callee);
        _world.Run();
        Kernel.Agents.Find(callee.Value)!.Core.Post(new Killing(Kernel.Agents.Find(callee.Value)!));
        _world.Run();
        Assert.Equal([AskOutcome.Dead], _outcomes);
        gate.SetResult();
        Thread.Sleep(5);
        _world.Run();
        Assert.Equal([AskOutcome.Dead], _outcomes);
        AssertBaseline();
    }

    [Fact]
    public void Ask_AskerEndsWhileItWaits_CalleeIsToldAndNothingIsLeft()
    {
        var gate = new TaskCompletionSource();
        List<bool> cancelled = [];
        AgentId asker = Ask(Slow(gate, cancelled));
        _world.Run();
        Kernel.Agents.Find(asker.Value)!.Core.Post(new Killing(Kernel.Agents.Find(asker.Value)!));
        _world.Run();
        gate.SetResult();
        _world.RunUntil(() => cancelled.Count == 1);
        Assert.Equal([true], cancelled);
        _world.Run();
        AssertBaseline();
    }

    [Fact]
    public void Ask_RefusedOrFull_SaysSoAndReturnsItsSlot()
    {
        AgentId busy = Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), core: 1, capacity: 1);
        Kernel.DoAsync(busy, async _ => await new TaskCompletionSource().Task);
        _world.Run();
        Assert.Equal(SendResult.Sent, Kernel.Grant<Do>(busy).Send(new Do(_ => { })));
        _world.Run();
        Ask(busy);
        AgentId asker = Kernel.Spawn(new Puppet(), core: 0);
        AskAgain(asker, default);
        AskAgain(asker, Kernel.GrantAsk<int, int>(busy));      // the host's
        AskCapability<int, int> revoked = Kernel.GrantAskTo<int, int>(asker, busy);
        _world.Wait(Kernel.RevokeAsync(revoked));
        AskAgain(asker, revoked);
        _world.Run();
        Assert.Equal(
            [AskOutcome.Denied, AskOutcome.Denied, AskOutcome.Full, AskOutcome.Revoked],
            _outcomes.Cast<AskOutcome>().Order());
        Assert.Equal(0, _world.CoreAt(0).Replies.Pending);
    }

    private void PassUntil(int core, Func<bool> done)
    {
        for (int i = 0; !done(); i++)
        {
            Assert.True(i < 1000, $"never, seed={_world.Seed}");
            _world.CoreAt(core).Enter();
            _world.CoreAt(core).RunPass();
            Core.Leave();
        }
    }

    /// <summary>No ask is under way and every slot that was made is free again.</summary>
    private void AssertBaseline()
    {
        foreach (Core core in Kernel.Cores)
        {
            Assert.Equal(0, core.Replies.Pending);
            Assert.Null(core.Replies.NextDeadline);
            Assert.Equal(0, core.Cells.InUse);
        }
    }

    private sealed class Killing(AgentCell agent) : KernelOp
    {
        public override void Run(Core core) => Lifecycle.End(core, agent, ExitReason.Shutdown);
    }
}

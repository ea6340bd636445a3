using Xunit;

namespace Outheis.Tests;

/// <summary>An agent's sends that wait for room, and the token of the turn that they were given.</summary>
public sealed class WaitingSendTests : IDisposable
{
    private readonly StepKernel _world = new();
    private readonly TaskCompletionSource _gate = new();
    private readonly List<int> _received = [];
    private readonly List<object> _outcomes = [];
    private readonly AgentId _target;
    private readonly AgentId _sender;
    private readonly Capability<int> _to;

    /// <summary>The target has room for one message and takes none before the gate opens.</summary>
    public WaitingSendTests()
    {
        _target = _world.Kernel.Receive(_received, core: 1, capacity: 1);
        _sender = _world.Kernel.Spawn(new Puppet(), core: 0);
        _to = _world.Kernel.GrantTo<int>(_sender, _target);
        _world.Kernel.DoAsync(_target, async _ => await _gate.Task);
        _world.Run();
    }

    public void Dispose()
    {
        _gate.TrySetResult();
        _world.Dispose();
    }

    private void SendThree(Func<AgentContext, ValueTask>? meanwhile = null) =>
        _world.Kernel.DoAsync(_sender, async (context, token) =>
        {
            _outcomes.Add(context.Send(_to, 0));
            Task[] waiting = [.. Enumerable.Range(1, 3).Select(i => Note(context.SendAsync(_to, i, token)))];
            if (meanwhile is not null)
            {
                await meanwhile(context);
            }

            await Task.WhenAll(waiting);
        });

    private async Task Note(ValueTask<SendResult> send)
    {
        try
        {
            _outcomes.Add(await send);
        }
        catch (OperationCanceledException)
        {
            _outcomes.Add("cancelled");
        }
    }

    [Fact]
    public void TurnToken_RoomComes_AllAreSentInOrder()
    {
        SendThree();
        _world.Run();
        Assert.Single(_outcomes);
        _gate.SetResult();
        _world.RunUntil(() => _outcomes.Count == 4);
        _world.Run();
        Assert.All(_outcomes, outcome => Assert.Equal(SendResult.Sent, outcome));
        Assert.Equal([0, 1, 2, 3], _received);
    }

    [Fact]
    public void TurnToken_TheAgentIsStopped_AllEndCancelledAndNothingIsSent()
    {
        SendThree();
        _world.Run();
        Task stop = _world.Kernel.StopAgentAsync(_sender);
        _world.Wait(stop);
        _world.RunUntil(() => _outcomes.Count == 4);
        Assert.Equal(["cancelled", "cancelled", "cancelled"], _outcomes.Skip(1));
        _gate.SetResult();
        _world.RunUntil(() => _received.Count == 1);
        _world.Run();
        Assert.Equal([0], _received);
    }

    [Fact]
    public void TurnToken_TheIncarnationEnds_AllEndCancelledAndNothingIsSent()
    {
        SendThree(async _ =>
        {
            await Task.Yield();
            throw new InvalidOperationException("the turn ends, its sends still wait");
        });
        _world.RunUntil(() => _outcomes.Count == 4);
        Assert.Equal(["cancelled", "cancelled", "cancelled"], _outcomes.Skip(1));
        _gate.SetResult();
        _world.RunUntil(() => _received.Count == 1);
        _world.Run();
        Assert.Equal([0], _received);
    }

    [Fact]
    public void OwnToken_Fires_ItsSendEndsCancelledAndTheOthersGoOn()
    {
        using var source = new CancellationTokenSource();
        _world.Kernel.DoAsync(_sender, async (context, token) =>
        {
            _outcomes.Add(context.Send(_to, 0));
            await Task.WhenAll(
                Note(context.SendAsync(_to, 1, token)),
                Note(context.SendAsync(_to, 2, source.Token)),
                Note(context.SendAsync(_to, 3, token)));
        });
        _world.Run();
        source.Cancel();
        _world.RunUntil(() => _outcomes.Count == 2);
        Assert.Equal("cancelled", _outcomes[1]);
        _gate.SetResult();
        _world.RunUntil(() => _outcomes.Count == 4);
        _world.Run();
        Assert.Equal([0, 1, 3], _received);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Waiting_AgainAndAgain_AllocatesNothing(bool withToken)
    {
        const int Warmup = 2_000, Measured = 2_000;
        _gate.SetResult();
        int sent = 0;
        _world.Kernel.DoAsync(_sender, async (context, token) =>
        {
            while (!token.IsCancellationRequested)
            {
                if (await context.SendAsync(_to, sent, withToken ? token : default) == SendResult.Sent)
                {
                    sent++;
                }
            }
        });
        _received.EnsureCapacity(3 * (Warmup + (3 * Measured)));
        _world.RunUntil(() => sent >= Warmup);
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int target = sent + Measured; sent < target;)
            {
                _world.Step();
            }
        }));
        _world.Wait(_world.Kernel.StopAgentAsync(_sender));
    }
}

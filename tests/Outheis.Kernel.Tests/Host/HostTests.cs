using System.Threading.Channels;
using Xunit;

namespace Outheis.Tests;

/// <summary>The host's side: waiting sends, asks, the channel views.</summary>
public sealed class HostTests : IDisposable
{
    private readonly StepKernel _world = new(61);

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    [Fact]
    public void SendAsync_Full_CompletesInOrderWhenThereIsRoom()
    {
        List<int> received = [];
        Capability<int> to = Kernel.Grant<int>(Kernel.Receive(received, capacity: 2));
        to.SendAll([1, 2]);
        Task<SendResult> waiting = to.SendAsync(3).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(SendResult.Sent, _world.Result(waiting));
        _world.Run();
        Assert.Equal([1, 2, 3], received);
    }

    [Fact]
    public void SendAsync_Cancelled_SendsNothingAndLeavesNoTrace()
    {
        List<int> received = [];
        AgentId target = Kernel.Receive(received, capacity: 1);
        Capability<int> to = Kernel.Grant<int>(target);
        using var source = new CancellationTokenSource();
        to.SendAll([1]);
        Task<SendResult> waiting = to.SendAsync(2, source.Token).AsTask();
        source.Cancel();
        OperationCanceledException cancelled = Assert.ThrowsAny<OperationCanceledException>(() =>
            _world.Result(waiting));
        Assert.Equal(source.Token, cancelled.CancellationToken);
        _world.Run();
        Assert.Equal([1], received);
        Assert.Equal(1, Kernel.Agents.Find(target.Value)!.Credits.Free);
    }

    [Fact]
    public void SendAsync_OfAnAgentCancelled_ThrowsThereAndLaterRoomHarmsNobody()
    {
        List<object> log = [];
        List<int> received = [];
        using var source = new CancellationTokenSource();
        AgentId target = Kernel.Receive(received, core: 1, capacity: 1);
        AgentId sender = Kernel.Spawn(new Puppet(), core: 0);
        Capability<int> to = Kernel.GrantTo<int>(sender, target);
        var gate = new TaskCompletionSource();
        Kernel.DoAsync(target, async _ => await gate.Task);
        _world.Run();
        Kernel.DoAsync(sender, async context =>
        {
            log.Add(await context.SendAsync(to, 1));
            log.Add((await Record.ExceptionAsync(async () => await context.SendAsync(to, 2, source.Token)))!.GetType());
        });
        _world.Run();
        source.Cancel();
        _world.RunUntil(() => log.Count == 2);
        gate.SetResult();
        _world.RunUntil(() => received.Count == 1);
        _world.Run();
        Assert.Equal([SendResult.Sent, typeof(OperationCanceledException)], log);
        Assert.Equal([1], received);
    }

    [Fact]
    public void Ask_HostAsks_GetsReplyTimeoutFailureOrDeath()
    {
        AgentId doubler = Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => 2 * x));
        AgentId failing = Kernel.Spawn(new Answerer<int, int>((in int _, Context _) =>
            throw new InvalidDataException("bug")));
        AgentId slow = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (_, _, _) => await new TaskCompletionSource<int>().Task));
        Assert.Equal(42, _world.Result(Kernel.GrantAsk<int, int>(doubler).AskAsync(21)));

        AskException failed = Assert.Throws<AskException>(
            () => _world.Result(Kernel.GrantAsk<int, int>(failing).AskAsync(1)));
        Assert.Equal(AskOutcome.Failed, failed.Outcome);
        Assert.IsType<InvalidDataException>(failed.InnerException);

        Task<int> late = Kernel.GrantAsk<int, int>(slow).AskAsync(1, TimeSpan.FromSeconds(1)).AsTask();
        _world.Run();
        _world.Advance(TimeSpan.FromMilliseconds(990));
        Assert.False(late.IsCompleted);
        _world.Advance(TimeSpan.FromMilliseconds(30));
        Assert.Equal(AskOutcome.TimedOut, Assert.Throws<AskException>(() => _world.Result(late)).Outcome);

        AskCapability<int, int> toDead = Kernel.GrantAsk<int, int>(doubler);
        _world.Wait(Kernel.StopAgentAsync(doubler));
        Assert.Equal(
            AskOutcome.Dead, Assert.Throws<AskException>(() => _world.Result(toDead.AskAsync(1))).Outcome);
    }

    [Fact]
    public void Ask_HostCancels_CalleeSeesItAndTheLateReplyIsCounted()
    {
        using var source = new CancellationTokenSource();
        var gate = new TaskCompletionSource();
        List<bool> seen = [];
        AgentId callee = Kernel.Spawn(new AsyncAnswerer<int, int>(async (x, _, token) =>
        {
            await gate.Task;
            seen.Add(token.IsCancellationRequested);
            return x;
        }));
        Task<int> ask = Kernel.GrantAsk<int, int>(callee).AskAsync(1, cancellationToken: source.Token).AsTask();
        _world.Run();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => _world.Result(ask));
        _world.Run();
        gate.SetResult();
        _world.RunUntil(() => Kernel.DeadLetters.Count(DeadLetterReason.LateReply) == 1, "the late reply");
        Assert.Equal([true], seen);
    }

    [Fact]
    public void Ask_HostCancelsWhileQueued_CalleeIsNotBothered()
    {
        using var source = new CancellationTokenSource();
        int asked = 0;
        AgentId callee = Kernel.Spawn(new Answerer<int, int>((in int _, Context _) => ++asked));
        Task<int> ask = Kernel.GrantAsk<int, int>(callee).AskAsync(1, cancellationToken: source.Token).AsTask();
        source.Cancel();
        _world.RunUntil(() => ask.IsCompleted);
        Assert.True(ask.IsCanceled);
        _world.Run();
        Assert.Equal(0, asked);
        Assert.Equal(1, Kernel.DeadLetters.Count(DeadLetterReason.AskAbandoned));
    }

    [Fact]
    public void Ask_ManyInTurn_ReusesItsSlotAndRepliesNeverCross()
    {
        AgentId callee = Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x));
        AskCapability<int, int> ask = Kernel.GrantAsk<int, int>(callee);
        for (int i = 0; i < 200; i++)
        {
            Task<int> one = ask.AskAsync(i).AsTask(), two = ask.AskAsync(-i).AsTask();
            Assert.Equal((i, -i), (_world.Result(one), _world.Result(two)));
        }
    }

    [Fact]
    public void Writer_OfACapability_BehavesLikeAChannelWriter()
    {
        List<int> received = [];
        Capability<int> to = Kernel.Grant<int>(Kernel.Receive(received, capacity: 2));
        ChannelWriter<int> writer = to.AsWriter();
        Assert.True(writer.TryWrite(1) && writer.TryWrite(2));
        Assert.False(writer.TryWrite(3));
        Task<bool> room = writer.WaitToWriteAsync().AsTask();
        Assert.False(room.IsCompleted);
        Task write = writer.WriteAsync(3).AsTask();
        Assert.True(_world.Result(room));
        _world.Wait(write);
        _world.Run();
        Assert.Equal([1, 2, 3], received);

        Assert.True(writer.TryComplete());
        Assert.False(writer.TryComplete());
        Assert.False(writer.TryWrite(4));
        Assert.False(_world.Result(writer.WaitToWriteAsync()));
        Assert.Throws<ChannelClosedException>(() => _world.Wait(writer.WriteAsync(4).AsTask()));
        Assert.Equal(SendResult.Sent, to.Send(5));      // the agent goes on
    }

    [Fact]
    public void Writer_RevokedOrDead_IsClosed()
    {
        Capability<int> to = Kernel.Grant<int>(Kernel.Receive<int>([]));
        _world.Wait(Kernel.RevokeAsync(to));
        Assert.False(to.AsWriter().TryWrite(1));
        Assert.False(_world.Result(to.AsWriter().WaitToWriteAsync()));
        Assert.Throws<ChannelClosedException>(() => _world.Wait(to.AsWriter().WriteAsync(1).AsTask()));
        Assert.False(_world.Result(default(Capability<int>).AsWriter().WaitToWriteAsync()));
    }

    [Fact]
    public void Output_HostReads_InOrderAndBoundedEndToEnd()
    {
        Output<int> output = Kernel.OpenOutput<int>("answers", capacity: 4);
        Capability<int> to = default;
        AgentId writer = Kernel.Spawn("writer", endow =>
        {
            to = endow.GrantOutput(output);
            return new Puppet();
        });
        List<SendResult> results = [];
        Kernel.DoAsync(writer, async context =>
        {
            for (int i = 0; i < 20; i++)
            {
                results.Add(await context.SendAsync(to, i));
            }
        });
        _world.Run();
        Assert.InRange(results.Count, 4, 19);      // the host does not read yet
        List<int> read = [];
        _world.RunUntil(() =>
        {
            while (output.Reader.TryRead(out int item))
            {
                read.Add(item);
            }

            return read.Count == 20;
        }, "everything written");
        Assert.Equal(Enumerable.Range(0, 20), read);
        Assert.All(results, sent => Assert.Equal(SendResult.Sent, sent));
        _world.Stop();
        Assert.True(output.Reader.Completion.IsCompleted);
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Xunit;

namespace Outheis.Tests;

/// <summary>The host's side where it is refused: by tokens that fired, by a writer's state, by the kernel's end.
/// </summary>
public sealed class HostEdgeTests : IDisposable
{
    private static readonly CancellationToken Fired = new(canceled: true);

    private readonly StepKernel _world = new();

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    [Fact]
    public void SendAsync_WhileFullWithATokenThatFired_IsCancelledAtOnce()
    {
        List<int> received = [];
        Capability<int> to = Kernel.Grant<int>(Kernel.Receive(received, capacity: 1));
        to.SendAll([1]);
        Assert.True(to.SendAsync(2, Fired).AsTask().IsCanceled);
        _world.Run();
        Assert.Equal([1], received);
    }

    [Fact]
    public void Ask_HostWithoutTheRight_IsToldWhy()
    {
        AgentId callee = Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), name: "callee");
        AskCapability<int, int> revoked = Kernel.GrantAsk<int, int>(callee);
        _world.Wait(Kernel.RevokeAsync(revoked));
        Assert.Equal(AskOutcome.Revoked, Refusal(revoked).Outcome);
        Assert.Equal("The capability to ask callee was revoked.", Refusal(revoked).Message);
        Assert.Equal(AskOutcome.Denied, Refusal(default).Outcome);
        Assert.Contains("The empty capability's target", Refusal(default).Message);
        Assert.Equal(AskOutcome.Denied, Refusal(Kernel.GrantAsk<int, int>(callee, Rights.Grant)).Outcome);
    }

    private AskException Refusal(AskCapability<int, int> ask) =>
        Assert.Throws<AskException>(() => _world.Result(ask.AskAsync(1)));

    [Fact]
    public void Ask_RequestOrReplyTooLong_IsTooLarge()
    {
        AgentId callee = Kernel.Spawn(new Answerer<TooLong, int>((in TooLong _, Context _) => 1));
        AgentId talker = Kernel.Spawn(new Answerer<int, TooLong>((in int _, Context _) => default));
        AskException request = Assert.Throws<AskException>(
            () => _world.Result(Kernel.GrantAsk<TooLong, int>(callee).AskAsync(default)));
        AskException reply = Assert.Throws<AskException>(
            () => _world.Result(Kernel.GrantAsk<int, TooLong>(talker).AskAsync(1)));
        Assert.Equal((AskOutcome.TooLarge, AskOutcome.TooLarge), (request.Outcome, reply.Outcome));
        Assert.Contains($"longer than {Limits.MessageBytesMax} bytes", reply.Message);
    }

    [Fact]
    [SuppressMessage("Reliability", "CA2012", Justification = "The misuse is the test.")]
    [SuppressMessage("Usage", "xUnit1031", Justification = "It does not block: it throws.")]
    public void Ask_HostReadsTheReplyTwiceOrTooEarly_Throws()
    {
        AskCapability<int, int> ask =
            Kernel.GrantAsk<int, int>(Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x)));
        ValueTask<int> early = ask.AskAsync(1);
        Assert.Throws<InvalidOperationException>(() => early.GetAwaiter().GetResult());
        ValueTask<int> twice = ask.AskAsync(2);
        _world.Run();
        Assert.Equal(2, twice.GetAwaiter().GetResult());
        Assert.Throws<InvalidOperationException>(() => twice.GetAwaiter().GetResult());
        Assert.Equal(1, early.GetAwaiter().GetResult());
    }

    [Fact]
    public void Ask_ManyMoreThanTheTableStartsWith_EachGetsItsOwnReply()
    {
        AskCapability<int, int> ask = Kernel.GrantAsk<int, int>(
            Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => -x)));
        Task<int>[] asks = [.. Enumerable.Range(0, 200).Select(i => ask.AskAsync(i).AsTask())];
        Assert.Equal(Enumerable.Range(0, 200).Select(i => -i), asks.Select(_world.Result));
    }

    [Fact]
    public void Grant_ToMisfits_ThrowsAndSaysWhatIsMissing()
    {
        AgentId agent = Kernel.Spawn(new Puppet(), name: "deaf");
        Assert.Contains("implements neither IHandle<Int32> nor",
            Assert.Throws<ArgumentException>(() => Kernel.Grant<int>(agent)).Message);
        Assert.Contains("implements neither IAnswer<Int32, Int64> nor",
            Assert.Throws<ArgumentException>(() => Kernel.GrantAsk<int, long>(agent)).Message);
        AgentId both = Kernel.Spawn(new Both(), name: "both");
        Assert.Contains("implements both", Assert.Throws<ArgumentException>(() => Kernel.Grant<int>(both)).Message);
        Assert.Contains("implements both",
            Assert.Throws<ArgumentException>(() => Kernel.GrantAsk<int, int>(both)).Message);
        AgentId open = Kernel.Receive<Exception>([]);
        Assert.Contains("not sealed", Assert.Throws<ArgumentException>(() => Kernel.Grant<Exception>(open)).Message);
    }

    private sealed class Both : Agent, IHandle<int>, IHandleAsync<int>, IAnswer<int, int>, IAnswerAsync<int, int>
    {
        public void Handle(in int message, Context context)
        {
        }

        public ValueTask HandleAsync(int message, AgentContext context, CancellationToken token) => default;

        public int Answer(in int request, Context context) => request;

        public ValueTask<int> AnswerAsync(int request, AgentContext context, CancellationToken token) => new(request);
    }

    [Fact]
    public void Writer_WaitToWrite_TellsTheStateOfTheMoment()
    {
        AgentId target = Kernel.Receive<int>([], capacity: 1);
        ChannelWriter<int> writer = Kernel.Grant<int>(target).AsWriter();
        Assert.True(writer.WaitToWriteAsync(Fired).AsTask().IsCanceled);
        Assert.True(writer.WriteAsync(0, Fired).AsTask().IsCanceled);
        Assert.True(_world.Result(writer.WaitToWriteAsync()));
        Assert.False(_world.Result(Kernel.Grant<int>(target, Rights.Grant).AsWriter().WaitToWriteAsync()));
        Assert.True(writer.TryWrite(1));
        Task<bool> waiting = writer.WaitToWriteAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        _world.Wait(Kernel.StopAgentAsync(target));
        Assert.False(_world.Result(waiting));
        Assert.False(_world.Result(writer.WaitToWriteAsync()));
        Assert.False(writer.TryWrite(2));
    }

    [Fact]
    public void Writer_WhileTheIngressIsFull_WaitsForThatAndCanBeCancelled()
    {
        Capability<int> to = Kernel.Grant<int>(Kernel.Receive<int>([], capacity: 2 * Limits.IngressSlots));
        for (int i = 0; i < Limits.IngressSlots; i++)
        {
            Assert.Equal(SendResult.Sent, to.Send(i));
        }

        Assert.Equal(SendResult.Full, to.Send(0));
        using var source = new CancellationTokenSource();
        Task<bool> cancelled = to.AsWriter().WaitToWriteAsync(source.Token).AsTask();
        Task<bool> waiting = to.AsWriter().WaitToWriteAsync().AsTask();
        Task<SendResult> sending = to.SendAsync(0).AsTask();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => _world.Result(cancelled));
        Assert.True(_world.Result(waiting));
        Assert.Equal(SendResult.Sent, _world.Result(sending));
    }

    [Fact]
    public void Writer_CompletedWithAnError_ClosesWithThatError()
    {
        ChannelWriter<int> writer = Kernel.Grant<int>(Kernel.Receive<int>([])).AsWriter();
        var reason = new InvalidDataException("enough");
        Assert.True(writer.TryComplete(reason));
        ChannelClosedException closed = Assert.Throws<ChannelClosedException>(
            () => _world.Wait(writer.WriteAsync(1).AsTask()));
        Assert.Same(reason, closed.InnerException);
    }

    [Fact]
    public void Waits_WhenTheKernelStops_EndDead()
    {
        AgentId target = Kernel.Receive<int>([], capacity: 1);
        Capability<int> to = Kernel.Grant<int>(target);
        var gate = new TaskCompletionSource();
        Kernel.DoAsync(target, async _ => await gate.Task);
        _world.Run();
        to.SendAll([1]);
        Task<SendResult> sending = to.SendAsync(2).AsTask();
        Task<bool> room = to.AsWriter().WaitToWriteAsync().AsTask();
        _world.Stop(TimeSpan.FromMilliseconds(20));
        Assert.Equal(SendResult.Dead, _world.Result(sending));
        Assert.False(_world.Result(room));
        Assert.Throws<ObjectDisposedException>(() => Kernel.Spawn(new Puppet()));
        gate.SetResult();
    }

    [Fact]
    public void HostVerbs_InsideATurn_AreDenied()
    {
        Capability<int> to = Kernel.Grant<int>(Kernel.Receive<int>([]));
        AskCapability<int, int> ask =
            Kernel.GrantAsk<int, int>(Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x)));
        AgentId agent = Kernel.Spawn(new Puppet());
        List<object> seen = [];
        Kernel.Do(agent, context =>
        {
            seen.Add(to.Send(1));
            seen.Add(to.AsWriter().TryWrite(1));
            seen.Add(to.AsWriter().WaitToWriteAsync().AsTask() is { IsCompletedSuccessfully: true, Result: true });
            seen.Add(((AskException)ask.AskAsync(1).AsTask().Exception!.InnerException!).Outcome);
            seen.Add(Record.Exception(() => { _ = Kernel.StopAgentAsync(agent); })!.GetType());
        });
        _world.Run();
        Assert.Equal(
            [SendResult.Denied, false, false, AskOutcome.Denied, typeof(InvalidOperationException)], seen);
    }
}

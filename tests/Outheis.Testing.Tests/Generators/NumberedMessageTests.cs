using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Testing.Tests.Generators;

/// <summary>Messages of every kind on a real kernel: they come whole, and one that does not is noticed.</summary>
public sealed class NumberedMessageTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private sealed class Receiver(Action<NumberedMessage, ulong> receive) : MessageReceiver
    {
        protected override void OnMessage(NumberedMessage numbered, Context context) =>
            receive(numbered, context.Badge);
    }

    private sealed record Go;

    private sealed class Sender(NumberedMessage[] messages) : Agent, IHandle<Go>
    {
        public MessageWays? Ways { get; set; }

        public void Handle(in Go message, Context context)
        {
            foreach (NumberedMessage one in messages)
            {
                Assert.Equal(SendResult.Sent, Ways!.Send(one, context));
            }
        }
    }

    [Fact]
    public async Task Send_OfEveryKindFromHostAndAgent_ArrivesWholeWithItsBadge()
    {
        NumberedMessage[] messages =
            [.. Enum.GetValues<CarriageKind>().Select(kind => new NumberedMessage(kind, 1000 + (int)kind))];
        List<(NumberedMessage, ulong)> received = [];
        await using var kernel = Kernel.Start(new KernelOptions { Cores = 1, Pin = false, DrainDeadline = Patience });
        AgentId target = kernel.Spawn("target", () => new Receiver((message, badge) => received.Add((message, badge))));
        var agent = new Sender(messages);
        AgentId sender = kernel.Spawn("sender", () => agent);
        agent.Ways = MessageWays.OfAgent(kernel, sender, target, badge: 2);
        MessageWays ofHost = MessageWays.OfHost(kernel, target, badge: 1);
        Assert.All(messages, message => Assert.Equal(SendResult.Sent, ofHost.Send(message)));
        kernel.Grant<Go>(sender).Send(new Go());
        Assert.True((await kernel.StopAsync()).Drained);
        Assert.Equal(messages, received.Where(one => one.Item2 == 1).Select(one => one.Item1));
        Assert.Equal(messages, received.Where(one => one.Item2 == 2).Select(one => one.Item1));
    }

    [Fact]
    public async Task OnDamaged_AChangedMessage_EndsTheIncarnation()
    {
        var ended = new TaskCompletionSource<ExitReason>();
        await using var kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1,
            Pin = false,
            Unsupervised = signal => ended.TrySetResult(signal.Reason),
        });
        AgentId target = kernel.Spawn("target", () => new Receiver((_, _) => { }));
        WideMessage whole = new NumberedMessage(CarriageKind.Wide, 5).ToWide();
        kernel.Grant<WideMessage>(target).Send(whole with { Check = 6 });
        ExitReason reason = await ended.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.IsType<InvalidDataException>(reason.Exception);
    }
}

using FsCheck.Xunit;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>Messages of every carriage, from every place, in every interleaving of the cores, against one list per
/// sender.</summary>
public sealed class DeliveryModelTests
{
    private const int Senders = 3;      // the host, a neighbour, somebody on another core

    private sealed class Sink : MessageReceiver
    {
        public Dictionary<ulong, List<NumberedMessage>> Received { get; } =
            Enumerable.Range(1, Senders).ToDictionary(badge => (ulong)badge, _ => new List<NumberedMessage>());

        protected override void OnMessage(NumberedMessage numbered, Context context) =>
            Received[context.Badge].Add(numbered);
    }

    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 100, EndSize = 150)]
    public static void Send_AnyMessagesInAnyInterleaving_ArriveWholeAndInOrder(
        NumberedMessage[] messages, Interleaving interleaving, ChannelCapacity capacity)
    {
        using var world = new StepKernel();
        var sink = new Sink();
        AgentId target = world.Kernel.Spawn(sink, core: 0, capacity: capacity.Messages);
        AgentId[] agents = [.. Enumerable.Range(0, 2).Select(core => world.Kernel.Spawn(new Puppet(), core))];
        MessageWays[] ways =
        [
            MessageWays.OfHost(world.Kernel, target, 1),
            .. agents.Select((agent, i) => MessageWays.OfAgent(world.Kernel, agent, target, (ulong)i + 2)),
        ];
        List<NumberedMessage>[] model = [.. Enumerable.Range(0, Senders).Select(_ => new List<NumberedMessage>())];
        int step = 0;
        for (int i = 0; i < messages.Length; i++)
        {
            NumberedMessage message = messages[i];
            int sender = i % Senders;
            if (sender == 0)
            {
                Note(sender, message, ways[0].Send(message));
            }
            else
            {
                world.Kernel.Do(
                    agents[sender - 1], context => Note(sender, message, ways[sender].Send(message, context)));
            }

            for (; step < interleaving.Actors.Count && step <= 2 * i; step++)
            {
                world.Pass(interleaving.Actors[step] % 2);
            }
        }

        world.Run();
        for (int i = 0; i < Senders; i++)
        {
            Assert.Equal(model[i], sink.Received[(ulong)i + 1]);
        }

        Assert.All(world.Kernel.Cores, core => Assert.Equal(0, core.Cells.InUse));

        void Note(int sender, NumberedMessage message, SendResult sent)
        {
            Assert.True(sent is SendResult.Sent or SendResult.Full, $"{sent}");
            if (sent == SendResult.Sent)
            {
                model[sender].Add(message);
            }
        }
    }
}

using Outheis.Bench.Systems;

namespace Outheis.Bench.Latency;

/// <summary>
/// An agent on core 0 that sends itself a tick after each look at the clock, and one on core 1 that receives. What the
/// receiver's channel has no room for is sent at a later tick, and is late by then.
/// </summary>
internal sealed class OutheisLatency : ILatencySystem
{
    public string Name => AllSystems.Ours;

    public void Run(Schedule schedule, Receipts receipts, TimeSpan deadline)
    {
        int cores = Math.Min(2, Environment.ProcessorCount);
        Kernel kernel = Kernel.Start(new KernelOptions { Cores = cores });
        try
        {
            AgentId sink = kernel.Spawn(
                "sink", () => new Receiver(receipts), new SpawnOptions { Core = cores - 1 });
            AgentId sender = kernel.Spawn(
                "sender", endow => new Sender(schedule, endow.Grant<Timed>(sink)), new SpawnOptions { Core = 0 });
            OutheisSystem.Must(kernel.Grant<Begin>(sender).Send(new(kernel.GrantTo<Tick>(sender, sender))));
            receipts.Complete(Name, deadline);
        }
        finally
        {
            kernel.StopAsync().GetAwaiter().GetResult();
        }
    }

    private readonly record struct Begin(Capability<Tick> Self);

    private readonly record struct Tick;

    private readonly record struct Timed(long Intended);

    private sealed class Sender(Schedule schedule, Capability<Timed> sink) : Agent, IHandle<Begin>, IHandle<Tick>
    {
        private Capability<Tick> _self;

        public void Handle(in Begin message, Context context)
        {
            _self = message.Self;
            schedule.Start();
            OutheisSystem.Must(context.Send(_self, default));
        }

        public void Handle(in Tick message, Context context)
        {
            while (schedule.IsDue(out long intended))
            {
                SendResult sent = context.Send(sink, new Timed(intended));
                if (sent == SendResult.Full) break;
                OutheisSystem.Must(sent);
                schedule.Advance();
            }
            if (!schedule.IsOver) OutheisSystem.Must(context.Send(_self, default));
        }
    }

    private sealed class Receiver(Receipts receipts) : Agent, IHandle<Timed>
    {
        public void Handle(in Timed message, Context context) => receipts.Receive(message.Intended);
    }
}

using Outheis.Bench.Systems;

namespace Outheis.Bench.Latency;

/// <summary>
/// An agent on core 0 that sends itself a tick after each look at the clock, and one on core 1 that receives. What the
/// receiver's channel has no room for is sent at a later tick, and is late by then. Both are user-interactive; if asked
/// for, agents of the background class fill both cores beside them.
/// </summary>
internal sealed class OutheisLatency(int background = 0) : ILatencySystem
{
    public string Name => background == 0 ? AllSystems.Ours : $"{AllSystems.Ours} +{background}";

    public void Run(Schedule schedule, Receipts receipts, TimeSpan deadline)
    {
        int cores = Math.Min(2, Environment.ProcessorCount);
        Kernel kernel = Kernel.Start(new KernelOptions { Cores = cores });
        try
        {
            AgentId sink = kernel.Spawn(
                "sink", () => new Receiver(receipts), Interactive(cores - 1));
            AgentId sender = kernel.Spawn(
                "sender", endow => new Sender(schedule, endow.Grant<Timed>(sink)), Interactive(0));
            for (int i = 0; i < background * cores; i++) BeginBackground(kernel, i % cores);
            OutheisSystem.Must(kernel.Grant<Begin>(sender).Send(new(kernel.GrantTo<Tick>(sender, sender))));
            receipts.Complete(Name, deadline);
        }
        finally
        {
            kernel.StopAsync().GetAwaiter().GetResult();
        }
    }

    private static SpawnOptions Interactive(int core) => new() { Core = core, Qos = Qos.UserInteractive };

    private static void BeginBackground(Kernel kernel, int core)
    {
        AgentId one = kernel.Spawn(
            null, static () => new Filler(), new SpawnOptions { Core = core, Qos = Qos.Background });
        OutheisSystem.Must(kernel.Grant<Begin>(one).Send(new(kernel.GrantTo<Tick>(one, one))));
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

    /// <summary>Never has nothing to do.</summary>
    private sealed class Filler : Agent, IHandle<Begin>, IHandle<Tick>
    {
        private Capability<Tick> _self;

        public void Handle(in Begin message, Context context)
        {
            _self = message.Self;
            OutheisSystem.Must(context.Send(_self, default));
        }

        public void Handle(in Tick message, Context context) => context.Send(_self, default);
    }

    private sealed class Receiver(Receipts receipts) : Agent, IHandle<Timed>
    {
        public void Handle(in Timed message, Context context) => receipts.Receive(message.Intended);
    }
}

using Proto;

namespace Outheis.Bench.Latency;

/// <summary>An actor that sends itself a tick after each look at the clock, and one that receives.</summary>
internal sealed class ProtoLatency : ILatencySystem
{
    public string Name => "proto";

    public void Run(Schedule schedule, Receipts receipts, TimeSpan deadline)
    {
        var system = new ActorSystem();
        try
        {
            PID sink = system.Root.Spawn(Props.FromProducer(() => new Receiver(receipts)));
            PID sender = system.Root.Spawn(Props.FromProducer(() => new Sender(schedule, sink)));
            system.Root.Send(sender, Begin.Instance);
            receipts.Complete(Name, deadline);
        }
        finally
        {
            system.ShutdownAsync().Wait(deadline);
        }
    }

    private sealed class Sender(Schedule schedule, PID sink) : IActor
    {
        public Task ReceiveAsync(IContext context)
        {
            if (context.Message is Begin) schedule.Start();
            else if (context.Message is not Tick) return Task.CompletedTask;
            while (schedule.IsDue(out long intended))
            {
                context.Send(sink, new Timed(intended));
                schedule.Advance();
            }
            if (!schedule.IsOver) context.Send(context.Self, Tick.Instance);
            return Task.CompletedTask;
        }
    }

    private sealed class Receiver(Receipts receipts) : IActor
    {
        public Task ReceiveAsync(IContext context)
        {
            if (context.Message is Timed timed) receipts.Receive(timed.Intended);
            return Task.CompletedTask;
        }
    }
}

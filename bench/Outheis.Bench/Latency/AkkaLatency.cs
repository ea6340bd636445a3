using Akka.Actor;
using Outheis.Bench.Systems;

namespace Outheis.Bench.Latency;

/// <summary>An actor that tells itself a tick after each look at the clock, and one that receives.</summary>
internal sealed class AkkaLatency : ILatencySystem
{
    public string Name => "akka";

    public void Run(Schedule schedule, Receipts receipts, TimeSpan deadline)
    {
        var system = ActorSystem.Create("latency", AkkaSystem.Quiet);
        try
        {
            IActorRef sink = system.ActorOf(AkkaSystem.Made.By(() => new Receiver(receipts)));
            IActorRef sender = system.ActorOf(AkkaSystem.Made.By(() => new Sender(schedule, sink)));
            sender.Tell(Begin.Instance, ActorRefs.NoSender);
            receipts.Complete(Name, deadline);
        }
        finally
        {
            system.Terminate().Wait(deadline);
        }
    }

    private sealed class Sender(Schedule schedule, IActorRef sink) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Begin) schedule.Start();
            while (schedule.IsDue(out long intended))
            {
                sink.Tell(new Timed(intended), ActorRefs.NoSender);
                schedule.Advance();
            }
            if (!schedule.IsOver) Self.Tell(Tick.Instance, ActorRefs.NoSender);
        }
    }

    private sealed class Receiver(Receipts receipts) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Timed timed) receipts.Receive(timed.Intended);
        }
    }
}

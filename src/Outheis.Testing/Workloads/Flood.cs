namespace Outheis.Testing;

/// <summary>Every agent sends bursts to every other one, far more than rings and channels hold, from inside its turns.
/// Two cores that are full towards each other both go on; everything accepted arrives, once and in order.</summary>
internal sealed class Flood : Workload
{
    public override string Name => "flood";

    public override string Promise => "all cores full towards each other: each goes on, per sender first in, first out";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start(run.DrawOptions() with { Faults = FaultOptions.None });
        int agents = 2 + run.Choices.Draw(4);
        var all = new Flooder[agents];
        var ids = new AgentId[agents];
        int classes = run.Choices.Pick([1, 5]);      // low ones let go of their core for what comes: rings fill less
        for (int i = 0; i < agents; i++)
        {
            int index = i;
            var options = new SpawnOptions
            {
                Core = i % simulation.Kernel.ListCores().Count,
                Capacity = run.Choices.Pick([1024, 4, 64, 300]),
                Qos = classes == 1 ? Qos.Default : (Qos)run.Choices.Draw(classes),
            };
            ids[i] = simulation.Kernel.Spawn(
                $"flooder {i}",
                () => all[index] = new Flooder(simulation, run.Choices.Pick([100, 1000, 3000])), options);
        }

        for (int i = 0; i < agents; i++)
        {
            for (int j = 0; j < agents; j++)
            {
                all[i].Ways.Add(simulation.Kernel.GrantTo<Drop>(ids[i], ids[j], badge: (ulong)i + 1));
            }
        }

        for (int i = 0; i < agents; i++)
        {
            Flooder flooder = all[i];
            Capability<Pour> pour = simulation.Kernel.Grant<Pour>(ids[i]);
            simulation.AddActor($"pours {i}", () =>
            {
                NoteBlocked(run, simulation.Kernel.Cores);
                return !flooder.IsThrough && pour.Send(default) is SendResult.Sent or SendResult.Full;
            });
        }

        simulation.RunToEnd();
        run.Note("messages that found a ring full", simulation.Kernel.Cores.Sum(static core => core.Counters.RingFull));
        run.Note("messages that found a channel full", all.Sum(static one => one.Refused));
        long sent = all.Sum(static one => one.Sent.Sum()), received = all.Sum(static one => one.Received);
        simulation.Require(sent == received, "INV-01", $"{sent} accepted, {received} handled.");
        simulation.Require(all.All(static one => one.IsThrough), "INV-04", "an agent could not finish its bursts.");
    }

    private static void NoteBlocked(WorkloadRun run, Core[] cores)
    {
        foreach (Core core in cores)
        {
            foreach (Core peer in cores)
            {
                if (core.Out[peer.Index] is { IsSenderBlocked: true })
                {
                    bool both = peer.Out[core.Index] is { IsSenderBlocked: true };
                    run.Note(both ? "cores full towards each other" : "blocked cores");
                }
            }
        }
    }

    private readonly record struct Pour;

    private readonly record struct Drop(long Number, long A, long B);

    private sealed class Flooder(Simulation simulation, int count) : Agent, IHandle<Pour>, IHandle<Drop>
    {
        private readonly Dictionary<ulong, long> _next = [];
        private int _left = count;

        public List<Capability<Drop>> Ways { get; } = [];

        public List<long> Sent { get; } = [];

        public long Received { get; private set; }

        public long Refused { get; private set; }

        public bool IsThrough => _left <= 0;

        public void Handle(in Pour message, Context context)
        {
            while (Sent.Count < Ways.Count)
            {
                Sent.Add(0);
            }

            int burst = 1 + simulation.Choices.Draw(400);
            int to = simulation.Choices.Draw(Ways.Count);
            for (int i = 0; i < burst && _left > 0; i++)
            {
                if (context.Send(Ways[to], new Drop(Sent[to], i, ~Sent[to])) != SendResult.Sent)
                {
                    Refused++;
                    break;
                }

                Sent[to]++;
                _left--;
            }
        }

        public void Handle(in Drop message, Context context)
        {
            long expected = _next.GetValueOrDefault(context.Badge);
            simulation.Require(
                message.Number == expected && message.B == ~expected, "INV-02",
                $"from {context.Badge} came {message.Number} where {expected} was next.");
            _next[context.Badge] = expected + 1;
            Received++;
        }
    }
}

namespace Outheis.Testing;

/// <summary>
/// Agents of several bands that always have something to do share a core, beside others that come and go. Whoever waits
/// is served: the lowest band that waits has one turn in 64, the bands in between theirs by rotation, and within a band
/// everybody comes once before anybody comes twice.
/// </summary>
internal sealed class Bands : Workload
{
    private const int FairShare = 64;      // turns; as Limits.FairShare, told anew so that a change there is noticed
    private const int BandCount = 5;

    public override string Name => "bands";

    public override string Promise => "the lowest waiting band has 1 of 64 turns, equal agents are served in turn";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start(run.DrawOptions() with
        {
            Cores = 1 + run.Choices.Draw(2),
            InterruptOneIn = run.Choices.Pick([0, 200]),
            Faults = FaultOptions.None,
        });
        var watch = new TurnWatch(run, simulation, most: 1500);
        int bands = 0;
        for (int band = 0; band < BandCount; band++)
        {
            int agents = run.Choices.Draw(4);
            bands += agents > 0 ? 1 : 0;
            for (int i = 0; i < agents; i++)
            {
                watch.Add((Qos)band, i, simulation);
            }
        }

        run.Note("saturated bands", bands);
        AddPassersBy(run, simulation, watch);
        simulation.RunToEnd();
        watch.CheckAllWereServed();
    }

    /// <summary>Agents that have something to do now and then, in any band.</summary>
    private static void AddPassersBy(WorkloadRun run, Simulation simulation, TurnWatch watch)
    {
        int count = run.Choices.Draw(4), acts = 0;
        var ways = new Capability<Pass>[count];
        for (int i = 0; i < count; i++)
        {
            var options = new SpawnOptions { Core = 0, Qos = (Qos)run.Choices.Draw(BandCount) };
            ways[i] = simulation.Kernel.Grant<Pass>(
                simulation.Kernel.Spawn($"passer-by {i}", () => new PasserBy(watch), options));
        }

        simulation.AddActor("calls passers-by", () =>
        {
            for (int i = run.Choices.Draw(3); i > 0 && count > 0; i--)
            {
                ways[run.Choices.Draw(count)].Send(default);
            }

            return !watch.IsOver && ++acts < 2000;
        });
    }

    private readonly record struct Work;

    private readonly record struct Pass;

    /// <summary>Awaits in each message, and has two more, so a turn is one message and it is always ready.</summary>
    private sealed class Saturated(TurnWatch watch, int index) : Agent, IHandleAsync<Work>
    {
        public Capability<Work> Self { get; set; }

        public async ValueTask HandleAsync(Work message, AgentContext context, CancellationToken cancellationToken)
        {
            if (!watch.IsOver)
            {
                context.Send(Self, message);
            }

            await Task.Yield();
            watch.Served(index);
        }
    }

    private sealed class PasserBy(TurnWatch watch) : Agent, IHandle<Pass>
    {
        public void Handle(in Pass message, Context context) => watch.Note();
    }

    /// <summary>Counts the turns of core 0 between two turns of each saturated agent.</summary>
    private sealed class TurnWatch(WorkloadRun run, Simulation simulation, int most)
    {
        private readonly List<Waiting> _agents = [];
        private readonly int[] _rounds = new int[BandCount];
        private long _first = -1;      // turn at which everybody waited

        public bool IsOver { get; private set; }

        public void Add(Qos qos, int number, Simulation to)
        {
            int index = _agents.Count;
            Saturated agent = null!;
            AgentId id = to.Kernel.Spawn(
                $"{qos} {number}", () => agent = new Saturated(this, index), new SpawnOptions { Core = 0, Qos = qos });
            agent.Self = to.Kernel.GrantTo<Work>(id, id);
            Capability<Work> begin = to.Kernel.Grant<Work>(id);
            _agents.Add(new Waiting(qos, id));
            int more = 2;
            to.AddActor($"begins {qos} {number}", () => begin.Send(default) != SendResult.Sent || --more > 0);
        }

        public void Note() => run.Note("turns of passers-by");

        public void Served(int index)
        {
            long turn = simulation.Kernel.Cores[0].Counters.Turns;
            Waiting agent = _agents[index];
            agent.Turns++;
            if (_first < 0)
            {
                _first = _agents.TrueForAll(static one => one.Turns > 2) ? turn : -1;
                _agents.ForEach(one => one.Last = turn);
                return;
            }

            long waited = turn - agent.Last;
            agent.Last = turn;
            IsOver |= turn - _first > most;
            if (!IsOver)
            {
                RequireInTurn(index);
                Require(agent, waited);
            }
        }

        /// <summary>INV-05: between two turns of an agent every equal one has exactly one.</summary>
        private void RequireInTurn(int index)
        {
            Waiting agent = _agents[index];
            foreach (Waiting equal in _agents)
            {
                if (equal.Qos == agent.Qos && equal != agent)
                {
                    long ahead = agent.Turns - equal.Turns;
                    agent.Ahead.TryAdd(equal, ahead);
                    simulation.Require(
                        Math.Abs(ahead - agent.Ahead[equal]) <= 1, "INV-05",
                        $"{agent} had its turn twice before {equal}.");
                }
            }
        }

        /// <summary>INV-41: the lowest band waits for 64 turns at most, the others for their rotation; both times as
        /// many as share the band.</summary>
        private void Require(Waiting agent, long waited)
        {
            Qos lowest = _agents.Min(static one => one.Qos), highest = _agents.Max(static one => one.Qos);
            int equals = _agents.Count(one => one.Qos == agent.Qos);
            long bound = equals * (long)FairShare * (agent.Qos == lowest ? 1 : BandCount);
            simulation.Require(
                waited <= bound + Slack(agent.Qos, lowest), "INV-41",
                $"{agent} waited {waited} turns, not {bound}, for its turn.");
            run.Note(agent.Qos == highest ? "turns of the highest"
                : agent.Qos == lowest ? "turns of the lowest"
                : "turns between");
        }

        // A passer-by below the lowest has its turns instead, while it waits: never twice in a row.
        private static long Slack(Qos qos, Qos lowest) => qos == lowest && lowest > 0 ? FairShare * BandCount : 0;

        public void CheckAllWereServed() => simulation.Require(
            _agents.Count == 0 || IsOver, "INV-08", "saturated agents had nothing to do.");
    }

    private sealed class Waiting(Qos qos, AgentId id)
    {
        public Qos Qos => qos;

        public long Turns { get; set; }

        public long Last { get; set; }

        public Dictionary<Waiting, long> Ahead { get; } = [];

        public override string ToString() => $"{id} in {qos}";
    }
}

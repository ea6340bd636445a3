namespace Outheis.Testing;

/// <summary>
/// Agents of several bands that always have something to do share a core, beside others that come and go. Whoever
/// waits is served: the lowest band that waits has its share of the turns, the bands in between theirs by rotation,
/// and within a band everybody comes once before anybody comes twice. Whoever has a backlog handles no more of it in
/// one turn than its budget.
/// </summary>
internal sealed class Bands : Workload
{
    private const int TurnBudget = 64;     // messages; as Limits.TurnMessages, told anew so that a change is noticed
    private const int BandCount = 5;

    public override string Name => "bands";

    public override string Promise =>
        "the lowest waiting band has its share of the turns, equal agents are served in turn, "
        + "a turn has at most 64 messages";

    protected internal override void Run(WorkloadRun run)
    {
        run.MovesDrawn = [];      // what a band is owed is counted by core
        int share = run.Choices.Pick([64, 64, 16, 5]);      // 64: what it is unless told otherwise
        Simulation simulation = run.Start(run.DrawOptions() with
        {
            FairShare = share,
            Cores = 1 + run.Choices.Draw(2),
            InterruptOneIn = run.Choices.Pick([0, 200]),
            Faults = FaultOptions.None,
        });
        var watch = new TurnWatch(run, simulation, share, most: 1500);
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
        AddBacklogs(run, simulation, watch);
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
            watch.Share(options.Qos);
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

    /// <summary>Agents that get several turns' worth of messages at once.</summary>
    private static void AddBacklogs(WorkloadRun run, Simulation simulation, TurnWatch watch)
    {
        for (int i = run.Choices.Draw(3); i > 0; i--)
        {
            var options = new SpawnOptions { Core = 0, Qos = (Qos)run.Choices.Draw(BandCount) };
            watch.Share(options.Qos);
            Capability<Pass> way = simulation.Kernel.Grant<Pass>(
                simulation.Kernel.Spawn($"backlog {i}", () => new Backlog(run, simulation), options));
            int bursts = 1 + run.Choices.Draw(5);
            simulation.AddActor($"burdens {i}", () =>
            {
                int left = run.Choices.Draw(4 * TurnBudget);
                while (left > 0 && way.Send(default) == SendResult.Sent)
                {
                    left--;
                }

                return --bursts > 0;
            });
        }
    }

    /// <summary>One of the two that an agent always has.</summary>
    private readonly record struct Work(int Number);

    private readonly record struct Pass;

    /// <summary>Awaits in each message, and has two more, so a turn is one message and it is always ready.</summary>
    private sealed class Saturated(TurnWatch watch, int index) : Agent, IHandleAsync<Work>
    {
        public Capability<Work> Self { get; set; }

        public async ValueTask HandleAsync(Work message, AgentContext context, CancellationToken cancellationToken)
        {
            watch.Has(index, message.Number);
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

    /// <summary>INV-05: counts what it handles in one turn.</summary>
    private sealed class Backlog(WorkloadRun run, Simulation simulation) : Agent, IHandle<Pass>
    {
        private long _turn;
        private int _handled;

        public void Handle(in Pass message, Context context)
        {
            long turn = simulation.Kernel.Cores[0].Counters.Turns;
            _handled = turn == _turn ? _handled + 1 : 1;
            _turn = turn;
            run.Note("turns that spent their budget", _handled == TurnBudget ? 1 : 0);
            simulation.Require(
                _handled <= TurnBudget, "INV-05",
                $"a turn handles its message {_handled}, its budget is {TurnBudget}.");
        }
    }

    /// <summary>Counts the turns of core 0 between two turns of each saturated agent.</summary>
    private sealed class TurnWatch(WorkloadRun run, Simulation simulation, int share, int most)
    {
        private readonly List<Waiting> _agents = [];
        private readonly int[] _sharing = new int[BandCount];      // agents, passers-by among them
        private int _begun;            // agents that have what they were to have
        private long _first = -1;      // turn from which on everybody waits

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
            Share(qos);
            int more = 2;
            to.AddActor($"begins {qos} {number}", () =>
            {
                more -= begin.Send(new Work(more)) == SendResult.Sent ? 1 : 0;
                return more > 0;
            });
        }

        /// <summary>It came: sent is not enough, another sender may hold up the ingress.</summary>
        public void Has(int index, int number)
        {
            Waiting agent = _agents[index];
            _begun += agent.Seen.Add(number) && agent.Seen.Count == 2 ? 1 : 0;
        }

        public void Share(Qos qos) => _sharing[(int)qos]++;

        public void Note() => run.Note("turns of passers-by");

        public void Served(int index)
        {
            long turn = simulation.Kernel.Cores[0].Counters.Turns;
            Waiting agent = _agents[index];
            agent.Turns++;
            if (_first < 0)
            {
                // A pass looks at what comes from outside before its turns, not between them.
                _first = _begun == _agents.Count ? turn + Limits.TurnsPerPass : -1;
                _agents.ForEach(one => one.Last = _first + BoundOf(one));      // its first turn only begins to await
                return;
            }

            agent.Last = turn;
            IsOver |= turn - _first > most;
            if (turn > _first && !IsOver)
            {
                RequireInTurn(index);
                _agents.ForEach(one => Require(one, turn - one.Last));
                Qos lowest = _agents.Min(static one => one.Qos), highest = _agents.Max(static one => one.Qos);
                run.Note(agent.Qos == highest ? "turns of the highest"
                    : agent.Qos == lowest ? "turns of the lowest"
                    : "turns between");
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

        /// <summary>INV-41.</summary>
        private void Require(Waiting agent, long waited)
        {
            long bound = BoundOf(agent);
            simulation.Require(
                waited <= bound, "INV-41", $"{agent} waited {waited} turns, not {bound}, for its turn.");
        }

        /// <summary>The lowest band has every n-th turn, the others their rotation; who shares a band shares its
        /// turns.</summary>
        private long BoundOf(Waiting agent)
        {
            bool isLowest = Array.FindIndex(_sharing, static agents => agents > 0) == (int)agent.Qos;
            return _sharing[(int)agent.Qos] * (long)share * (isLowest ? 1 : BandCount);
        }

        public void CheckAllWereServed() => simulation.Require(
            _agents.Count == 0 || IsOver, "INV-08", "saturated agents had nothing to do.");
    }

    private sealed class Waiting(Qos qos, AgentId id)
    {
        public Qos Qos => qos;

        public HashSet<int> Seen { get; } = [];

        public long Turns { get; set; }

        public long Last { get; set; }

        public Dictionary<Waiting, long> Ahead { get; } = [];

        public override string ToString() => $"{id} in {qos}";
    }
}

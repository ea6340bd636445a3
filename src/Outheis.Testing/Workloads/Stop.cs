namespace Outheis.Testing;

/// <summary>
/// The kernel stops at any moment, with traffic under way, agents that await for ever, and deadlines of any length.
/// What was accepted is handled, a dead letter or reported; every wait ends; afterwards nothing is accepted.
/// </summary>
internal sealed class Stop : Workload
{
    public override string Name => "stop";

    public override string Promise => "a stop handles, buries or reports what was accepted, and every wait ends";

    protected internal override void Run(WorkloadRun run)
    {
        bool journaled = run.Choices.Draw(3) == 2;
        SimulationOptions options = run.DrawOptions() with { UnevenCores = false, TimeMovesOneIn = 0 };
        Simulation simulation = run.Start(options with
        {
            Disk = journaled ? new SimulatedDisk() : null,
            Faults = options.Faults with { CrashOneIn = 0, StickOneIn = 0 },      // a stuck core is never joined here
        });
        var house = new House(run, simulation, agents: 2 + run.Choices.Draw(5));
        house.AddHost();
        for (int steps = run.Choices.Draw(120); steps > 0; steps--)
        {
            simulation.Step();
        }

        var deadline = TimeSpan.FromMilliseconds(run.Choices.Pick([100, 0, 1, 20]));
        Task<StopReport> again = Task.FromResult<StopReport>(null!);
        simulation.AddActor("stops too", () =>
        {
            again = simulation.Kernel.StopAsync();
            return false;
        });
        StopReport report = simulation.Stop(deadline);
        simulation.RunToEnd();
        house.Check(report);
        StopReport? second = null;
        simulation.Run(async () => second = await again.ConfigureAwait(true));
        simulation.Require(ReferenceEquals(report, second), "stop", "the second stop was another one.");
        if (journaled)
        {
            CheckReopens(run, simulation);
        }
    }

    private static void CheckReopens(WorkloadRun run, Simulation stopped)
    {
        var disk = SimulatedDisk.From(stopped.Disk!.PowerCutLosingAll());
        Simulation next = run.Start(new SimulationOptions { Cores = stopped.Options.Cores, Disk = disk });
        next.Require(next.Kernel.Recovery is { Repaired: false }, "stop", $"it left {next.Kernel.Recovery}.");
        run.Note("reopened");
    }

    private readonly record struct Hop(int Left);

    private readonly record struct Sleep(bool HearsToken);

    private readonly record struct Question(int Number);

    private sealed class Tenant(House house, int index)
        : Agent, IHandle<Hop>, IHandleAsync<Sleep>, IAnswerAsync<Question, int>
    {
        public void Handle(in Hop message, Context context)
        {
            house.Handled++;
            if (message.Left > 0)
            {
                house.Note(context.Send(house.Way(index), new Hop(message.Left - 1)));
            }
        }

        public async ValueTask HandleAsync(Sleep message, AgentContext context, CancellationToken cancellationToken)
        {
            house.Sleepers++;
            try
            {
                await Task.Delay(
                    Timeout.InfiniteTimeSpan, house.Time, message.HearsToken ? cancellationToken : default)
                    .ConfigureAwait(true);
            }
            catch (OperationCanceledException)
            {
                house.Woken++;
            }
        }

        public async ValueTask<int> AnswerAsync(
            Question request, AgentContext context, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return request.Number + 1;
        }
    }

    private sealed class House
    {
        private readonly WorkloadRun _run;
        private readonly Simulation _simulation;
        private readonly AgentId[] _agents;
        private readonly Capability<Hop>[,] _ways;
        private readonly Capability<Hop>[] _host;
        private readonly List<Task> _waits = [];
        private readonly DeadLetterLog _letters;
        private int _accepted;
        private int _sleepsAccepted;
        private bool _isOver;

        public House(WorkloadRun run, Simulation simulation, int agents)
        {
            (_run, _simulation, _letters) = (run, simulation, new DeadLetterLog(simulation));
            _agents = new AgentId[agents];
            _ways = new Capability<Hop>[agents, agents];
            for (int i = 0; i < agents; i++)
            {
                int index = i;
                var options = new SpawnOptions
                {
                    Capacity = run.Choices.Pick([64, 2, 10]),
                    Qos = (Qos)run.Choices.Draw(5),
                };
                _agents[i] = simulation.Kernel.Spawn($"tenant {i}", () => new Tenant(this, index), options);
            }

            for (int i = 0; i < agents * agents; i++)
            {
                (int from, int to) = (i / agents, i % agents);
                _ways[from, to] = simulation.Kernel.GrantTo<Hop>(_agents[from], _agents[to]);
            }

            _host = [.. _agents.Select(agent => simulation.Kernel.Grant<Hop>(agent))];
        }

        public int Handled { get; set; }

        public int Sleepers { get; set; }

        public int Woken { get; set; }

        public TimeProvider Time => _simulation.ApplicationTime;

        public Capability<Hop> Way(int from) => _ways[from, _run.Choices.Draw(_agents.Length)];

        public void Note(SendResult sent)
        {
            bool mayBe = sent is SendResult.Sent or SendResult.Full
                || (sent == SendResult.Dead && _simulation.Kernel.IsStopping);
            _simulation.Require(mayBe, "stop", $"a send was {sent}.");
            _accepted += sent == SendResult.Sent ? 1 : 0;
            _letters.Collect();
        }

        public void AddHost()
        {
            Kernel kernel = _simulation.Kernel;
            Capability<Sleep>[] sleeps = [.. _agents.Select(agent => kernel.Grant<Sleep>(agent))];
            AskCapability<Question, int>[] asks = [.. _agents.Select(agent => kernel.GrantAsk<Question, int>(agent))];
            int acts = 20 + _run.Choices.Draw(100);
            _simulation.AddActor("host", () =>
            {
                int to = _run.Choices.Draw(_agents.Length);
                switch (_run.Choices.Draw(12))
                {
                    case < 5:
                        Note(_host[to].Send(new Hop(_run.Choices.Draw(8))));
                        break;
                    case < 8:
                        _waits.Add(SendSlowly(_host[to]));
                        break;
                    case < 11:
                        _waits.Add(Ask(asks[to]));
                        break;
                    default:
                        bool sent = sleeps[to].Send(new Sleep(_run.Choices.Draw(2) == 0)) == SendResult.Sent;
                        _sleepsAccepted += sent ? 1 : 0;
                        break;
                }

                return --acts > 0 && !_isOver;
            });
        }

        public void Check(StopReport report)
        {
            _isOver = true;
            _letters.Collect();
            int buried = _letters.OfType(nameof(Hop)), asleep = _letters.OfType(nameof(Sleep));
            Require(report.StuckCores.Count == 0, "a core did not end.");
            Require(_accepted == Handled + buried, $"{_accepted} accepted, {Handled} handled, {buried} dead letters.");
            Require(      // each that was not begun is one, and each that was cut off
                asleep >= _sleepsAccepted - Sleepers && asleep <= _sleepsAccepted,
                $"{_sleepsAccepted} sleeps accepted, {Sleepers} begun, {asleep} dead letters.");
            Require(
                !report.Drained || (buried == 0 && asleep == 0), $"drained, and {buried + asleep} dead letters.");
            Require(_waits.TrueForAll(static wait => wait.IsCompleted), "a wait did not end.");
            _simulation.Run(() => Task.WhenAll(_waits));
            Require(
                Array.TrueForAll(_host, static way => way.Send(default) == SendResult.Dead), "a send was accepted.");
            Require(_simulation.Kernel.ListAgents().Count == 0, "an agent lives.");
            _run.Note(report.Drained ? "drained" : "not drained");
            _run.Note("woken by their token", Woken);
            _run.Note("dead letters", buried);
        }

        private void Require(bool condition, string what) => _simulation.Require(condition, "stop", what);

        private async Task SendSlowly(Capability<Hop> way)
        {
            ValueTask<SendResult> sending = way.SendAsync(new Hop(2));
            _run.Note("waits", sending.IsCompleted ? 0 : 1);
            Note(await sending.ConfigureAwait(true));
        }

        private async Task Ask(AskCapability<Question, int> ask)
        {
            try
            {
                int reply = await ask.AskAsync(new Question(3), Timeout.InfiniteTimeSpan).ConfigureAwait(true);
                Require(reply == 4, $"{reply} answers 3.");
            }
            catch (AskException ended)
            {
                Require(ended.Outcome is AskOutcome.Full or AskOutcome.Dead, $"an ask ended {ended.Outcome}.");
                _run.Note($"asks {ended.Outcome}");
            }
        }
    }
}

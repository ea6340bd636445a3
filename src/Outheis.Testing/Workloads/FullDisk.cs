using System.Runtime.CompilerServices;

namespace Outheis.Testing;

/// <summary>
/// A disk that is full and free again at any moment, and on which files cannot be made, opened or renamed now and then.
/// Messages are refused or wait, asks of the host fail at once, the ends of agents are still told; with room again all
/// goes on, and nothing that was accepted is lost.
/// </summary>
internal sealed class FullDisk : Workload
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    public override string Name => "full disk";

    public override string Promise => "a full disk refuses or delays messages, loses none, keeps nobody waiting";

    protected internal override void Run(WorkloadRun run)
    {
        int oneIn = run.WithFaults ? run.Choices.Pick([0, 30]) : 0;
        var disk = new SimulatedDisk(
            run.Choices, new DiskFaults { CreateOneIn = oneIn, RenameOneIn = oneIn, OpenOneIn = oneIn });
        SimulationOptions options = run.DrawOptions();
        Simulation simulation;
        try
        {
            simulation = run.Start(options with
            {
                Disk = disk,
                Retention = run.Choices.Pick(
                    [JournalRetention.KeepAll, JournalRetention.KeepBytes(3 * JournalLimits.SegmentBytesMin)]),
                Faults = options.Faults with { CrashOneIn = 0 },      // crashes are counted here
            });
        }
        catch (JournalException) when (disk.Events.Count > 0)
        {
            run.Note("openings refused");
            return;
        }

        var depot = new Depot(run, simulation, workers: 1 + run.Choices.Draw(4), most: run.Choices.Pick([100, 300]));
        depot.AddHost();
        int turns = 60 + run.Choices.Draw(200);
        simulation.AddActor("fills and empties the disk", () =>
        {
            disk.Free = run.Choices.Draw(8) < 5 ? 0 : long.MaxValue;
            return --turns > 0;
        });
        disk.Free = 0;
        simulation.RunToEnd(Soon);
        disk.Free = 0;
        simulation.RunToEnd(Soon);
        depot.CheckNoAskWaits();
        disk.Free = long.MaxValue;
        simulation.RunToEnd();
        depot.CheckAllIsThere();
        StopReport report = simulation.Stop();
        simulation.Require(
            report.JournalFailure is null || oneIn > 0, "full disk", $"a stop on a free disk: {report.JournalFailure}");
    }

    private readonly record struct Question(int Number);

    /// <summary>Long, so that a segment is soon full.</summary>
    private readonly record struct Parcel(int Number, bool IsPoison, Load Load);

    [InlineArray(3000)]
    private struct Load
    {
        private byte _first;
    }

    private sealed class Worker(Depot depot, int index) : Agent, IHandle<Parcel>, IAnswer<Question, int>
    {
        public void Handle(in Parcel message, Context context)
        {
            if (message.IsPoison)
            {
                depot.Crashes++;
                throw new InvalidDataException("poison");
            }

            depot.Handled++;
            depot.PassOn(index, context);
        }

        public int Answer(in Question request, Context context) => request.Number + 1;
    }

    private sealed class Boss(Depot depot) : Agent, IHandle<ExitSignal>
    {
        public void Handle(in ExitSignal message, Context context)
        {
            depot.Exits++;
            context.Restart(message.Agent);
        }
    }

    private sealed class Depot
    {
        private readonly WorkloadRun _run;
        private readonly Simulation _simulation;
        private readonly AgentId[] _workers;
        private readonly Capability<Parcel>[] _ways;      // of each worker to the next
        private readonly List<Task> _waits = [];
        private readonly List<Task> _asks = [];
        private readonly int _most;
        private int _begun;
        private int _accepted;

        public Depot(WorkloadRun run, Simulation simulation, int workers, int most)
        {
            (_run, _simulation, _most) = (run, simulation, most);
            _workers = new AgentId[workers];
            _ways = new Capability<Parcel>[workers];
            AgentId boss = simulation.Kernel.Spawn("boss", () => new Boss(this));
            for (int i = 0; i < workers; i++)
            {
                int index = i;
                var options = new SpawnOptions { Supervisor = boss, Capacity = run.Choices.Pick([64, 4, 500]) };
                _workers[i] = simulation.Kernel.Spawn($"worker {i}", self =>
                {
                    if (_workers[(index + 1) % workers] is { Value: > 0 } next)
                    {
                        _ways[index] = self.Grant<Parcel>(next);
                    }

                    return new Worker(this, index);
                }, options);
            }
        }

        public int Handled { get; set; }

        public int Crashes { get; set; }

        public int Exits { get; set; }

        public void PassOn(int index, Context context)
        {
            for (int more = _run.Choices.Draw(3); more > 0 && _ways[index] != default && _begun < _most; more--)
            {
                Note(context.Send(_ways[index], new Parcel(_begun++, false, default)), "agents' sends");
            }
        }

        public void AddHost()
        {
            Kernel kernel = _simulation.Kernel;
            Capability<Parcel>[] ways = [.. _workers.Select(worker => kernel.Grant<Parcel>(worker))];
            AskCapability<Question, int>[] asks =
                [.. _workers.Select(worker => kernel.GrantAsk<Question, int>(worker))];
            _simulation.AddActor("host", () =>
            {
                int to = _run.Choices.Draw(ways.Length);
                var parcel = new Parcel(_begun, _run.Choices.Chance(12), default);
                switch (_run.Choices.Draw(4))
                {
                    case 0 or 1:
                        Note(ways[to].Send(parcel), "host's sends");
                        break;
                    case 2:
                        _waits.Add(SendSlowly(ways[to], parcel));
                        break;
                    default:
                        _asks.Add(Ask(asks[to]));
                        break;
                }

                return ++_begun < _most;
            });
        }

        /// <summary>The disk is full still: whoever asked from outside has a reply, or the reason; but for whom it was
        /// that left its core when there was room, and has not come.</summary>
        public void CheckNoAskWaits() => _simulation.Require(
            _asks.TrueForAll(static ask => ask.IsCompleted)
                || _simulation.Kernel.ListAgents().Any(static agent => agent.State == AgentState.Moving),
            "full disk", "an ask of the host waits for room.");

        public void CheckAllIsThere()
        {
            Check(_waits.TrueForAll(static wait => wait.IsCompleted), "INV-08", "a send waits beside a free disk.");
            foreach (Task ended in _waits.Concat(_asks).Where(static task => task.IsFaulted))
            {
                Check(false, "full disk", $"a wait ended with {ended.Exception}.");
            }

            long letters = _simulation.Kernel.DeadLetters.Total;
            Check(_accepted == Handled + Crashes, "INV-01",
                $"{_accepted} accepted, {Handled} handled, {Crashes} crashed.");
            Check(letters >= Crashes, "INV-01", $"{Crashes} crashed, {letters} dead letters.");
            Check(Exits == Crashes, "hazard 10", $"{Crashes} ends, {Exits} were told.");
            _run.Note("crashes told", Exits);
        }

        private void Check(bool condition, string promise, string what) =>
            _simulation.Require(condition, promise, what);

        private void Note(SendResult sent, string whose)
        {
            Check(sent is SendResult.Sent or SendResult.Full, "full disk", $"a send was {sent}.");
            _accepted += sent == SendResult.Sent ? 1 : 0;
            _run.Note($"{whose} {sent}");
        }

        private async Task SendSlowly(Capability<Parcel> way, Parcel parcel)
        {
            ValueTask<SendResult> sending = way.SendAsync(parcel);
            _run.Note("waits", sending.IsCompleted ? 0 : 1);
            Note(await sending.ConfigureAwait(true), "slow sends");
        }

        private async Task Ask(AskCapability<Question, int> ask)
        {
            int number = _begun;
            try
            {
                int reply = await ask.AskAsync(new Question(number), Timeout.InfiniteTimeSpan).ConfigureAwait(true);
                Check(reply == number + 1, "INV-07", $"{reply} answers {number}.");
                _run.Note("asks Replied");
            }
            catch (AskException refused)
            {
                Check(refused.Outcome == AskOutcome.Full, "full disk", $"an ask ended {refused.Outcome}.");
                _run.Note(refused.InnerException is JournalException ? "asks without room on the disk" : "asks Full");
            }
        }
    }
}

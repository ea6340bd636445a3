namespace Outheis.Testing;

/// <summary>Durable agents arm and disarm timers, crash and are restarted, and the process dies, again and again; the
/// wall clock jumps. What the journal says is armed is said once, and once more only if a kill or a crash came between,
/// told as such.</summary>
internal sealed class DurableTimers : Workload
{
    private const int LivesMost = 4;

    // In the last life everything is due, however far the clock was set back before.
    private static readonly TimeSpan SetBackMost = TimeSpan.FromDays(2);

    public override string Name => "durable timers";

    public override string Promise =>
        "what is armed and not disarmed is handled exactly once, or again and told so, whoever dies meanwhile";

    protected internal override void Run(WorkloadRun run)
    {
        SimulatedDisk disk = new();
        int agents = 1 + run.Choices.Draw(3);
        int lives = 2 + run.Choices.Draw(LivesMost);
        DateTimeOffset epoch = new VirtualTime().GetUtcNow();
        TimeSpan wall = TimeSpan.Zero;
        for (int life = 1; life <= lives; life++)
        {
            bool isLast = life == lives;
            Simulation simulation = run.Start(DrawOptions(run, isLast) with { Disk = disk });
            simulation.Time.JumpWallClock(wall);
            if (simulation.Killed is null)
            {
                var team = new TimersTeam(run, simulation, agents, isLast ? 0 : run.Choices.Pick([5, 40, 120]));
                simulation.RunToEnd(TimeSpan.FromSeconds(isLast ? 60 : run.Choices.Pick([1, 5, 30])));
                team.TellTaken();
                Check(run, simulation, disk, isLast);
            }

            run.Note("redelivered", simulation.Kernel.Redelivered.Delivered);
            wall = simulation.Time.GetUtcNow() - epoch + TimeSpan.FromSeconds(run.Choices.Draw(20))
                + (life == lives - 1 ? SetBackMost : TimeSpan.Zero);
            DiskImage left = simulation.Killed ?? simulation.Kill(cutsPower: run.Choices.Chance(3));
            disk = SimulatedDisk.From(left);
        }
    }

    private static SimulationOptions DrawOptions(WorkloadRun run, bool isLast)
    {
        SimulationOptions drawn = run.DrawOptions();
        return drawn with
        {
            Cores = 1 + run.Choices.Draw(2),
            SnapshotEvery = run.Choices.Pick([1, 3, 20, 1000]),
            Codecs = TimersTeam.Codecs,
            Faults = isLast || !run.WithFaults ? FaultOptions.None : drawn.Faults with
            {
                MayCrash = static agent => agent.Name.StartsWith("alarm", StringComparison.Ordinal),
                KillOneIn = run.Choices.Pick([0, 3000, 600, 150]),
                KillCutsPower = run.Choices.Chance(3),
            },
        };
    }

    private static void Check(WorkloadRun run, Simulation simulation, SimulatedDisk disk, bool isLast)
    {
        if (simulation.Killed is not null)
        {
            return;
        }

        TimersBook book = TimersBook.Read(disk);
        simulation.Require(book.FirstWrong is null, "durable timers", $"{book.FirstWrong}.");
        foreach (AgentCell agent in simulation.Kernel.Agents.Snapshot())
        {
            if (agent.Durable is null)
            {
                continue;
            }

            string[] live = [.. (agent.Armed?.Keys ?? Enumerable.Empty<string>()).Order(StringComparer.Ordinal)];
            string[] told = [.. book.ArmedOf(agent.Name).Order(StringComparer.Ordinal)];
            simulation.Require(
                live.SequenceEqual(told), "durable timers",
                $"{agent.Name} has [{string.Join(',', live)}] armed, and the journal [{string.Join(',', told)}].");
        }

        simulation.Require(
            !isLast || book.Waiting == 0, "durable timers", $"{book.Waiting} were said and never handled.");
        simulation.Require(
            !isLast || book.Once == 0, "durable timers", $"{book.Once} that are due once are armed still.");
        run.Note("armed", book.Armings);
        run.Note("said", book.Said);
        run.Note("said for several times", book.Counted);
        run.Note("taken back", book.TakenBack);
    }
}

namespace Outheis.Testing;

/// <summary>Durable agents pass transfers to each other, look at clock and chance, act on the world outside; they crash
/// and are restarted, and the process dies, again and again.</summary>
internal sealed class Accounts : Workload
{
    private const int LivesMost = 4;

    public override string Name => "accounts";

    public override string Promise =>
        "a durable agent's state is the fold of what the journal says it took; what was accepted is handled once";

    protected internal override void Run(WorkloadRun run)
    {
        SimulatedDisk disk = new();
        int agents = 1 + run.Choices.Draw(4);
        int lives = 2 + run.Choices.Draw(LivesMost);
        for (int life = 1; life <= lives; life++)
        {
            bool isLast = life == lives;
            Simulation simulation = run.Start(DrawOptions(run, isLast) with { Disk = disk });
            if (simulation.Killed is null)
            {
                var team = new AccountsTeam(run, simulation, agents, isLast ? 0 : run.Choices.Pick([5, 40, 150]));
                simulation.RunToEnd();
                Check(run, simulation, disk, team, isLast);
                if (simulation.Killed is null && run.Choices.Chance(2))
                {
                    team.Stop();
                    run.Note("stopped");
                }
            }

            run.Note("redelivered", simulation.Kernel.Redelivered.Delivered);
            run.Note("quarantined", simulation.Kernel.Redelivered.Quarantined);
            bool cutsPower = run.Choices.Chance(3);
            DiskImage left = simulation.Killed ?? simulation.Kill(cutsPower);
            disk = SimulatedDisk.From(left);
        }
    }

    private static SimulationOptions DrawOptions(WorkloadRun run, bool isLast)
    {
        SimulationOptions drawn = run.DrawOptions();
        return drawn with
        {
            Cores = 1 + run.Choices.Draw(3),
            SnapshotEvery = run.Choices.Pick([1, 3, 20, 1000]),
            Codecs = AccountsTeam.Codecs,
            Faults = isLast || !run.WithFaults ? FaultOptions.None : drawn.Faults with
            {
                MayCrash = static agent => agent.Name.StartsWith("account", StringComparison.Ordinal),
                KillOneIn = run.Choices.Pick([0, 3000, 600, 150]),
                KillCutsPower = run.Choices.Chance(3),
            },
        };
    }

    private static void Check(
        WorkloadRun run, Simulation simulation, SimulatedDisk disk, AccountsTeam team, bool isLast)
    {
        Dictionary<string, AccountState> states = team.AskAll();
        team.TellTaken();
        if (simulation.Killed is not null)
        {
            return;
        }

        AccountsBook book = AccountsBook.Read(disk);
        simulation.Require(book.FirstWrong is null, "INV-32", $"{book.FirstWrong}.");
        run.Note("turns in the journal", book.Turns);
        run.Note("effects in doubt", book.Doubts);
        foreach ((string name, AccountState state) in states)
        {
            AccountState fold = book.StateOf(name);
            simulation.Require(
                state == fold, "INV-32", $"{name} has {state}, and what it took makes {fold}.");
        }

        simulation.Require(
            !isLast || book.Waiting == 0, "INV-01", $"{book.Waiting} accepted messages were never handled.");
    }
}

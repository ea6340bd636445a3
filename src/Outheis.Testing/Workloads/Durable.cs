using System.Runtime.InteropServices;

namespace Outheis.Testing;

/// <summary>Hosts and agents wait for the disk, in kernels that always do and in such that do when told to; the disk
/// fails, the power is cut.</summary>
internal sealed class Durable : Workload
{
    private const int AttemptsMost = 20;

    public override string Name => "durable";

    public override string Promise =>
        "what was told to be durable survives every loss of power; after a failed flush nothing is told so";

    protected internal override void Run(WorkloadRun run)
    {
        var told = new HashSet<Numbered>();
        SimulatedDisk disk = new();
        int lives = 2 + run.Choices.Draw(3);
        bool archives = run.Choices.Draw(2) == 1;
        for (int life = 0; life < lives; life++)
        {
            SimulationOptions options = run.DrawOptions() with
            {
                Cores = 1 + run.Choices.Draw(3),
                Retention = archives ? JournalLives.DrawRetention(run.Choices) : JournalRetention.KeepAll,
                Archives = archives,
                WhenArchiveLags = run.Choices.Pick([ArchiveLag.Block, ArchiveLag.DropNonDurable]),
                Durability = run.Choices.Pick([Durability.Buffered, Durability.Durable]),
                Faults = !run.WithFaults ? FaultOptions.None : new FaultOptions
                {
                    KillOneIn = run.Choices.Pick([0, 2000, 400, 80]),
                    KillCutsPower = true,
                },
            };
            Simulation simulation = Open(run, options, ref disk);
            var team = new DurableTeam(run, simulation, options.Durability, life, told);
            simulation.RunToEnd();
            if (simulation.Killed is null && run.Choices.Chance(2))
            {
                team.Stop();
            }

            DiskImage left = simulation.Killed ?? (run.Choices.Chance(3) ? simulation.Kill(cutsPower: true)
                : disk.PowerCut(run.Choices));
            disk = SimulatedDisk.From(left, run.Choices, DrawFaults(run));
            Check(run, simulation, disk, told);
        }
    }

    private static DiskFaults DrawFaults(WorkloadRun run) => !run.WithFaults ? DiskFaults.None : new()
    {
        SyncOneIn = run.Choices.Pick([0, 20, 5]),
        NamesInAnyOrder = run.Choices.Chance(4),
    };

    /// <summary>A disk that fails while the journal is opened says so; then the machine is started anew.</summary>
    private static Simulation Open(WorkloadRun run, SimulationOptions options, ref SimulatedDisk disk)
    {
        for (int attempts = 1; ; attempts++)
        {
            try
            {
                return run.Start(options with { Disk = disk });
            }
            catch (JournalException) when (disk.Events.Count > 0 && attempts < AttemptsMost)
            {
                run.Note("openings that failed");
                DiskImage left = disk.PowerCut(run.Choices);
                disk = attempts < AttemptsMost / 2
                    ? SimulatedDisk.From(left, run.Choices, DrawFaults(run))
                    : SimulatedDisk.From(left);
            }
        }
    }

    /// <summary>What recovery makes of the disk has everything that anybody was told.</summary>
    private static void Check(WorkloadRun run, Simulation ended, SimulatedDisk disk, HashSet<Numbered> told)
    {
        var copy = SimulatedDisk.From(disk.Snapshot());
        using (Simulation repaired = run.Start(new SimulationOptions { Disk = copy, Cores = 1 }))
        {
            repaired.Kill();
        }

        var found = new HashSet<Numbered>();
        using JournalReader reader = JournalImage.Open(copy);
        foreach (JournalEntry entry in reader.Read().Where(
            static entry => entry.Kind == JournalKind.Sent && entry.TypeName == nameof(Small)))
        {
            Numbered message = MemoryMarshal.Read<Small>(entry.Payload.Span).Id;
            ended.Require(found.Add(message), "INV-31", $"{message} is in the journal twice.");
        }

        Numbered? lost = told.Cast<Numbered?>().FirstOrDefault(message => !found.Contains(message!.Value));
        ended.Require(lost is null, "INV-31", $"{lost} was told to be durable and is lost.");
        run.Note("told to be durable", told.Count);
    }
}

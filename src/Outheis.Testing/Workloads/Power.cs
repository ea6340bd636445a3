namespace Outheis.Testing;

/// <summary>The power is cut at any moment: of what was not synced any part may be lost. The disk fails now and then
/// too.</summary>
internal sealed class Power : Workload
{
    public override string Name => "power";

    public override string Promise =>
        "after a power cut each lane is a valid prefix with all that was synced, and goes on";

    protected internal override void Run(WorkloadRun run) => new JournalLives(run, mayCutPower: true).Run();
}

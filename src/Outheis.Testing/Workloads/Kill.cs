namespace Outheis.Testing;

/// <summary>The process is killed at any moment inside the kernel, also in the middle of a record.</summary>
internal sealed class Kill : Workload
{
    public override string Name => "kill";

    public override string Promise =>
        "after a kill the journal has everything that was accepted, in order, and goes on";

    protected internal override void Run(WorkloadRun run) => new JournalLives(run, mayCutPower: false).Run();
}

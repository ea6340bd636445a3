namespace Outheis.Testing;

/// <summary>The process is killed, or the power cut, while agents are moved from core to core: what one of them sent is
/// in several lanes then, and is one history all the same.</summary>
internal sealed class MovedLives : Workload
{
    public override string Name => "moved lives";

    public override string Promise =>
        "after a kill or a power cut the journal tells what each agent sent, and what it was sent, in one order";

    protected internal override void Run(WorkloadRun run) =>
        new JournalLives(run, mayCutPower: run.Choices.Chance(2), moves: true).Run();
}

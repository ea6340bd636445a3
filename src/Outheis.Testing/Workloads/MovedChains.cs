namespace Outheis.Testing;

/// <summary>The chains of <see cref="Chains"/> on two cores or more, between agents that are moved from one to another
/// all the time.</summary>
internal sealed class MovedChains : Workload
{
    public override string Name => "migration";

    public override string Promise => "agents that are moved all the time get each message once, per sender in order";

    protected internal override void Run(WorkloadRun run)
    {
        run.CoresLeast = 2;
        run.MovesDrawn = [300, 2_000];
        new Chains().Run(run);
        run.NoteMoved(run.Newest!);
    }
}

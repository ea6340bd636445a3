namespace Outheis.Testing;

/// <summary>Looks at a simulation's kernel after its steps.</summary>
internal sealed class KernelWatch(Simulation simulation)
{
    private readonly KernelView _view = new(simulation.Kernel);

    public void Check()
    {
        _view.Gather(simulation.SimulatedCores);
        if (KernelInvariants.FirstBroken(_view) is { } broken)
        {
            simulation.Fail(broken.Name, broken.What + ".");
        }
    }
}

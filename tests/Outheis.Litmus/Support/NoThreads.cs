namespace Outheis;

/// <summary>Cores without threads: whoever tests drives them.</summary>
internal sealed class NoThreads(Action? fence = null) : CoreThreads
{
    public override int Place(KernelOptions options) => options.Cores ?? 1;

    public override void Start(Core core)
    {
    }

    public override void Fence() => fence?.Invoke();

    public override bool Stop(Core core, TimeSpan atMost) => true;

    public override int? ProcessorOf(Core core) => null;
}

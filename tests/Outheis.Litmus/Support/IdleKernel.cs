namespace Outheis.Litmus;

/// <summary>A kernel of one core that has no thread: the actor that plays the core runs its passes.</summary>
internal static class IdleKernel
{
    public static Kernel Make()
    {
        var options = new KernelOptions { Cores = 1 };
        return new Kernel(options, Platform.System(options) with { Threads = new NoThreads() });
    }

    private sealed class NoThreads : CoreThreads
    {
        public override int DefaultCores => 1;

        public override void Start(Core core)
        {
        }

        public override void Fence()
        {
        }

        public override bool Stop(Core core, TimeSpan atMost) => true;

        public override int? ProcessorOf(Core core) => null;
    }
}

namespace Outheis.Litmus;

/// <summary>A kernel of one core that has no thread: the actor that plays the core runs its passes.</summary>
internal static class IdleKernel
{
    public static Kernel Make()
    {
        var options = new KernelOptions { Cores = 1 };
        return new Kernel(options, Platform.System() with { Threads = new NoThreads() });
    }
}

namespace Outheis.Litmus;

/// <summary>A kernel of one core that has no thread: the actor that plays the core runs its passes.</summary>
internal static class IdleKernel
{
    /// <param name="fence">What makes every thread pass a barrier; null: nothing does.</param>
    /// <param name="host">Threads that are no cores; null: real ones.</param>
    public static Kernel Make(Action? fence = null, HostThreads? host = null)
    {
        var options = new KernelOptions { Cores = 1 };
        Platform platform = Platform.System() with { Threads = new NoThreads(fence) };
        return new Kernel(options, host is null ? platform : platform with { Host = host });
    }
}

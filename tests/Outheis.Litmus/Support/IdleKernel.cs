namespace Outheis.Litmus;

/// <summary>A kernel, of one core unless told otherwise, that has no thread: the actor that plays a core runs its
/// passes.</summary>
internal static class IdleKernel
{
    /// <param name="fence">What makes every thread pass a barrier; null: nothing does.</param>
    /// <param name="host">Threads that are no cores; null: real ones.</param>
    /// <param name="cores">How many.</param>
    public static Kernel Make(Action? fence = null, HostThreads? host = null, int cores = 1)
    {
        var options = new KernelOptions { Cores = cores };
        Platform platform = Platform.System() with { Threads = new NoThreads(fence) };
        return new Kernel(options, host is null ? platform : platform with { Host = host });
    }
}

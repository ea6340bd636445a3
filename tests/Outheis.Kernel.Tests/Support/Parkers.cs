namespace Outheis.Tests;

/// <summary>Parkers as the kernel's cores have them.</summary>
internal static class Parkers
{
    private static readonly PinnedThreads s_threads = new();

    public static Parker New(Action? fence = null) => new(fence ?? s_threads.Fence, s_threads.MakeSleeper());
}

using System.Runtime.InteropServices;

namespace Outheis.Bench.Parts;

/// <summary>A thread of its own on one processor; where pinning is not to be had it floats.</summary>
internal static partial class PinnedThread
{
    private const int MaskBytes = 128;

    public static Thread Start(int core, string name, Action body)
    {
        var thread = new Thread(() =>
        {
            Pin(core % Environment.ProcessorCount);
            body();
        })
        { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private static unsafe void Pin(int core)
    {
        if (OperatingSystem.IsWindows())
        {
            _ = SetThreadAffinityMask(GetCurrentThread(), (nuint)1 << core);
        }
        else if (OperatingSystem.IsLinux())
        {
            Span<byte> mask = stackalloc byte[MaskBytes];
            mask.Clear();
            mask[core / 8] = (byte)(1 << (core % 8));
            fixed (byte* bits = mask) _ = SetAffinity(0, MaskBytes, bits);
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static unsafe partial int SetAffinity(int thread, nint bytes, byte* mask);

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentThread();

    [LibraryImport("kernel32")]
    private static partial nuint SetThreadAffinityMask(nint thread, nuint mask);
}

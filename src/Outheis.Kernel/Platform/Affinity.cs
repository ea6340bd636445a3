using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>Binds the calling thread to one processor: Linux and Windows. Elsewhere there is no such call,
/// and cores run unpinned.</summary>
internal static unsafe partial class Affinity
{
    private const int MaskWords = 16;      // 1,024 processors

    /// <summary>The processor for the n-th core: the n-th of those that this process may use. Null where
    /// binding is not possible or there are more cores than processors.</summary>
    public static int? Processor(int core)
    {
        if (OperatingSystem.IsLinux())
        {
            ulong* mask = stackalloc ulong[MaskWords];
            return GetAffinity(0, MaskWords * sizeof(ulong), mask) >= 0 ? NthSet(mask, core) : null;
        }

        return OperatingSystem.IsWindows() && core < Math.Min(Environment.ProcessorCount, 64) ? core : null;
    }

    public static bool TryBind(int processor)
    {
        if (OperatingSystem.IsLinux())
        {
            ulong* mask = stackalloc ulong[MaskWords];
            new Span<ulong>(mask, MaskWords).Clear();
            mask[processor / 64] = 1UL << (processor % 64);
            return SetAffinity(0, MaskWords * sizeof(ulong), mask) == 0;
        }

        return OperatingSystem.IsWindows() && SetThreadAffinityMask(GetCurrentThread(), (nuint)1 << processor) != 0;
    }

    private static int? NthSet(ulong* mask, int n)
    {
        for (int processor = 0; processor < MaskWords * 64; processor++)
        {
            if ((mask[processor / 64] >> (processor % 64) & 1) != 0 && n-- == 0)
            {
                return processor;
            }
        }

        return null;
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nint bytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nint bytes, ulong* mask);

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentThread();

    [LibraryImport("kernel32")]
    private static partial nuint SetThreadAffinityMask(nint thread, nuint mask);
}

using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>Which processors the calling thread may run on, and binding it to some of them: Linux and Windows.
/// Elsewhere there is no such call, and cores run unpinned.</summary>
internal static unsafe partial class Affinity
{
    private const int MaskWords = 16;      // 1,024 processors
    private const int WordBits = 64;

    /// <summary>The processors that this thread may run on, in order; null where the system does not say. Linux leaves
    /// out what is offline or outside of the process's cpuset.</summary>
    public static int[]? Allowed()
    {
        ulong* mask = stackalloc ulong[MaskWords];
        if (OperatingSystem.IsLinux())
        {
            return GetAffinity(0, MaskWords * sizeof(ulong), mask) >= 0 ? NumbersIn(mask) : null;
        }

        if (OperatingSystem.IsWindows())
        {
            nuint process;
            mask[0] = GetProcessAffinityMask(GetCurrentProcess(), &process, out _) != 0 ? process : 0;
            return mask[0] != 0 ? NumbersIn(mask) : null;
        }

        return null;
    }

    /// <summary>From here on the calling thread runs on these alone. False: the system refuses, and nothing
    /// changed.</summary>
    public static bool TryBind(params ReadOnlySpan<int> processors)
    {
        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        foreach (int processor in processors)
        {
            if ((uint)processor >= MaskWords * WordBits)
            {
                return false;
            }

            mask[processor / WordBits] |= 1UL << (processor % WordBits);
        }

        return OperatingSystem.IsLinux() ? SetAffinity(0, MaskWords * sizeof(ulong), mask) == 0
            : OperatingSystem.IsWindows() && SetThreadAffinityMask(GetCurrentThread(), (nuint)mask[0]) != 0;
    }

    private static int[] NumbersIn(ulong* mask)
    {
        List<int> numbers = [];
        for (int processor = 0; processor < MaskWords * WordBits; processor++)
        {
            if ((mask[processor / WordBits] >> (processor % WordBits) & 1) != 0)
            {
                numbers.Add(processor);
            }
        }

        return [.. numbers];
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nint bytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nint bytes, ulong* mask);

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentThread();

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentProcess();

    [LibraryImport("kernel32")]
    private static partial int GetProcessAffinityMask(nint process, nuint* processMask, out nuint systemMask);

    [LibraryImport("kernel32")]
    private static partial nuint SetThreadAffinityMask(nint thread, nuint mask);
}

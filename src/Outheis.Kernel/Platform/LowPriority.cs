using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>A thread of Linux that gives way to the others, for good: a thread may not raise itself again. Not
/// SCHED_IDLE: beside busy cores such a thread comes to a stop for seconds, wherever it is, and the collector, which
/// waits for every thread that runs managed code, with it.</summary>
internal static partial class LowPriority
{
    private const int Thread = 0;       // PRIO_PROCESS, which means the thread
    private const int Nice = 10;        // a tenth of what an ordinary thread gets

    /// <summary>The calling thread; where the system has no such thing, it stays as it is.</summary>
    public static void Take()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(Thread, 0, Nice);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);
}

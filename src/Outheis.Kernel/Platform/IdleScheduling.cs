using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>A thread of Linux that runs only when no other wants to (SCHED_IDLE), so that it never competes with a
/// core; on other systems, and where it may not, one like all others.</summary>
internal sealed partial class IdleScheduling : IDisposable
{
    private const int PolicyIdle = 5;

    private readonly int _policy;
    private int _priority;

    private IdleScheduling(int policy, int priority) => (_policy, _priority) = (policy, priority);

    public static IdleScheduling? TryBegin()
    {
        int idle = 0;
        if (!OperatingSystem.IsLinux() || GetPolicy(0) is not (>= 0 and var policy)
            || GetPriority(0, out int priority) != 0 || SetPolicy(0, PolicyIdle, ref idle) != 0)
        {
            return null;
        }

        return new IdleScheduling(policy, priority);
    }

    /// <summary>The same thread: as before.</summary>
    public void Dispose() => _ = SetPolicy(0, _policy, ref _priority);

    [LibraryImport("libc", EntryPoint = "sched_getscheduler")]
    private static partial int GetPolicy(int thread);

    [LibraryImport("libc", EntryPoint = "sched_getparam")]
    private static partial int GetPriority(int thread, out int priority);

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetPolicy(int thread, int policy, ref int priority);
}

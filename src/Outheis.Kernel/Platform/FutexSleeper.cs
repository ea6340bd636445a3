using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// By Linux's own sleep and wake (futex(2)), on x64 and arm64: the waker makes one system call, and who wakes takes no
/// lock. The runtime's monitor costs two microseconds more.
/// </summary>
/// <remarks>
/// The word goes from none to asleep and from either to signaled; the sleeper takes it back to none. Who makes it
/// signaled and finds it asleep owes the call.
/// </remarks>
internal sealed unsafe partial class FutexSleeper : Sleeper
{
    private const int None = 0;
    private const int Asleep = 1;
    private const int Signaled = 2;

    private const int WaitPrivate = 128;      // FUTEX_WAIT | FUTEX_PRIVATE_FLAG: relative, by the monotonic clock
    private const int WakePrivate = 129;

    private const int Interrupted = 4;        // EINTR
    private const int Changed = 11;           // EAGAIN: the word is not what it was expected to be
    private const int TimedOut = 110;         // ETIMEDOUT

    private static readonly nint s_call = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => 0,      // numbers or times are others there
    };

    private readonly int[] _lines = GC.AllocateArray<int>(2 * CacheLine.Bytes / sizeof(int), pinned: true);
    private readonly int* _word;              // in the middle of it, alone on its cache line; it stays where it is

    public FutexSleeper() => _word = (int*)Unsafe.AsPointer(ref _lines[_lines.Length / 2]);

    /// <summary>Whether this system has it.</summary>
    public static bool IsHere => OperatingSystem.IsLinux() && s_call != 0;

    public override bool Sleep(TimeSpan atMost)
    {
        if (Interlocked.CompareExchange(ref *_word, Asleep, None) == None)
        {
            bool isForEver = atMost == Timeout.InfiniteTimeSpan;
            long start = TimeProvider.System.GetTimestamp();
            TimeSpan left = atMost;
            while ((isForEver || left > TimeSpan.Zero) && Volatile.Read(ref *_word) == Asleep)
            {
                // Looks at the word once more before it sleeps; comes back at a signal, in time, or for no reason.
                var time = new Time(
                    left.Ticks / TimeSpan.TicksPerSecond,
                    left.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
                Check(Call(s_call, _word, WaitPrivate, Asleep, isForEver ? null : &time, 0, 0));
                left = isForEver ? atMost : atMost - TimeProvider.System.GetElapsedTime(start);
            }
        }

        bool wasSignaled = Interlocked.Exchange(ref *_word, None) == Signaled;
        GC.KeepAlive(_lines);
        return wasSignaled;
    }

    public override void Signal()
    {
        if (Interlocked.Exchange(ref *_word, Signaled) == Asleep)
        {
            Check(Call(s_call, _word, WakePrivate, 1, null, 0, 0));
        }

        GC.KeepAlive(_lines);
    }

    // A call that fails at once, each time, would keep the processor busy for ever.
    private static void Check(nint result)
    {
        if (result < 0 && Marshal.GetLastPInvokeError() is var error and not (Interrupted or Changed or TimedOut))
        {
            throw new InvalidOperationException($"futex(2) failed with {error}: cores cannot sleep.");
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint call, int* word, nint what, nint value, Time* time, nint other, nint more);

    private readonly record struct Time(long Seconds, long Nanoseconds);      // struct timespec
}

using System.Runtime.InteropServices;

namespace Outheis.Bench.Parts;

/// <summary>The system's own sleep and wake, with nothing around it. Linux, x64 and arm64.</summary>
internal static unsafe partial class Futex
{
    private const int WaitPrivate = 128;
    private const int WakePrivate = 129;

    private static readonly nint s_call = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 98 : 202;

    /// <summary>Sleeps while the word is <paramref name="expected"/>; may return without a reason.</summary>
    public static void Wait(int* word, int expected) => _ = Call(s_call, word, WaitPrivate, expected, 0, 0, 0);

    /// <summary>Wakes one sleeper.</summary>
    public static void Wake(int* word) => _ = Call(s_call, word, WakePrivate, 1, 0, 0, 0);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint call, int* word, nint what, nint value, nint time, nint other, nint more);
}

using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Outheis;

/// <summary>
/// The calls that .NET does not make, or makes without looking at the result: its own flush to disk swallows
/// a failing fsync on Linux, and its preallocation leaves the length at zero.
/// </summary>
internal static partial class JournalDiskNative
{
    private const int LockExclusiveNonBlocking = 2 | 4;
    private const int AccessedAtRandom = 1;        // MADV_RANDOM
    private const int PopulateWrite = 23;          // Linux 5.14
    private const int UsageOfThread = 1;           // struct rusage in words: two times of two words, then counters
    private const int UsageWords = 18;
    private const int MinorFaults = 8;
    private const int MajorFaults = 9;
    private const int Invalid = 22;                // EINVAL: this system knows no such advice
    private const int Interrupted = 4;             // EINTR
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMac = 35;

    public static void Sync(SafeFileHandle file, string path)
    {
        while (FSync(file) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw Failed("make durable", path, error);
            }
        }
    }

    public static void SyncDirectory(string path)
    {
        using SafeFileHandle directory = OpenNative(path, 0);
        if (directory.IsInvalid)
        {
            throw Failed("open", path, Marshal.GetLastPInvokeError());
        }

        Sync(directory, path);
    }

    /// <summary>False when the file system cannot allocate ahead.</summary>
    public static bool TryAllocate(SafeFileHandle file, long bytes, string path)
    {
        const int notSupported = 95;
        int error;
        do
        {
            error = FAllocate(file, 0, 0, bytes) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        while (error == Interrupted);
        return error switch
        {
            0 => true,
            notSupported => false,
            _ => throw Failed("allocate", path, error),
        };
    }

    /// <summary>Has pages come one by one. What is read ahead comes in pieces of up to 2 MiB on a newer Linux, and such
    /// a piece is dirty, and written, as a whole (0020). A wish.</summary>
    public static unsafe void KeepPagesSmall(SegmentMapping segment)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = MAdvise(segment.Pointer, (nuint)segment.Bytes, AccessedAtRandom);
        }
    }

    /// <summary>False: there are no pages to be had, and touching one would end the process.</summary>
    public static unsafe bool TryPopulate(SegmentMapping segment, long offset, long bytes) =>
        !OperatingSystem.IsLinux() || MAdvise(segment.Pointer + offset, (nuint)bytes, PopulateWrite) == 0
        || Marshal.GetLastPInvokeError() == Invalid;

    /// <summary>How many pages the calling thread had to wait for so far; null: this system does not say.</summary>
    public static unsafe long? Faults
    {
        get
        {
            long* usage = stackalloc long[UsageWords];
            return OperatingSystem.IsLinux() && GetUsage(UsageOfThread, usage) == 0
                ? usage[MinorFaults] + usage[MajorFaults] : null;
        }
    }

    /// <summary>False when somebody else holds it.</summary>
    public static bool TryLock(SafeFileHandle file, string path)
    {
        if (FLock(file, LockExclusiveNonBlocking) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error is WouldBlockLinux or WouldBlockMac ? false : throw Failed("lock", path, error);
    }

    /// <summary>Whether an open of .NET's, which locks too, failed because somebody else holds the file: a disk that
    /// cannot be written, or is full, is no other owner.</summary>
    public static bool IsTaken(IOException refused) => refused.HResult is WouldBlockLinux or WouldBlockMac;

    /// <summary>Reads a file that is locked: .NET's own open asks for a shared lock first.</summary>
    public static SafeFileHandle OpenForReading(string path) => OpenNative(path, 0);

    private static IOException Failed(string verb, string path, int error) =>
        new($"Could not {verb} {path}: {new Win32Exception(error).Message}", error);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int FAllocate(SafeFileHandle file, int mode, long offset, long bytes);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static unsafe partial int MAdvise(byte* from, nuint bytes, int advice);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static unsafe partial int GetUsage(int who, long* usage);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenNative(string path, int flags);
}

using System.IO.MemoryMappedFiles;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Outheis;

/// <summary>The real disk: files, mapped. Any thread.</summary>
internal sealed class SystemJournalDisk : IJournalDisk
{
    public static readonly SystemJournalDisk Instance = new();

    private const int PagesTold = 16;      // by the first of them, whether they can be written

    private SystemJournalDisk()
    {
    }

    public Guid BootId { get; } = ReadBootId();

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public IReadOnlyList<string>? List(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return !File.Exists(directory) ? null
                : throw new IOException($"{directory} is a file, not a directory");
        }

        return [.. Directory.EnumerateFileSystemEntries(directory)
            .Select(static path => Path.GetFileName(path))];
    }

    public IJournalLock? TryLock(string path, out string owner)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, LockShare);
            if (OperatingSystem.IsWindows() || JournalDiskNative.TryLock(file.SafeFileHandle, path))
            {
                owner = ReadText(file.SafeFileHandle);
                return new FileLock(file);
            }
        }
        catch (IOException refused) when (file is null && File.Exists(path)
            && (OperatingSystem.IsWindows() || JournalDiskNative.IsTaken(refused)))
        {
            owner = ReadOwner(path);
            return null;
        }

        file.Dispose();
        owner = ReadOwner(path);
        return null;
    }

    public SegmentMapping CreateSegment(string path, int bytes)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, SegmentShare);
            Allocate(file, bytes, path);
            return new FileMapping(file, path, bytes);
        }
        catch
        {
            if (file is not null)
            {
                file.Dispose();
                File.Delete(path);
            }

            throw;
        }
    }

    public SegmentMapping OpenSegment(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, SegmentShare);
        try
        {
            return new FileMapping(file, path, RandomAccess.GetLength(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public ISegmentFile OpenRead(string path) =>
        new FileReader(File.OpenHandle(path, FileMode.Open, FileAccess.Read, SegmentShare));

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    public void WriteAside(string path, ReadOnlySpan<byte> content)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.Write(file, content, 0);
        SyncHandle(file, path);
    }

    public void SyncFile(SegmentMapping segment) => SyncHandle(((FileMapping)segment).File, segment.Path);

    public void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            JournalDiskNative.SyncDirectory(path);
        }
    }

    // In a first lap the system brings pages, all at a time; touching each has what a virtual machine's host has to
    // do about them done here. In later laps they are writable, but for those that the system wrote back meanwhile. It
    // does so by ranges, so a few pages tell; touching each would cost the appender a cache miss per page (0020).
    public void Populate(SegmentMapping segment, long offset, long bytes)
    {
        if (((FileMapping)segment).Reach(offset + bytes))
        {
            JournalDiskNative.KeepPagesSmall(segment);
            if (JournalDiskNative.TryPopulate(segment, offset, bytes))
            {
                Touch(segment, offset, bytes, JournalLimits.SegmentGrain);
            }

            return;
        }

        long? faults = JournalDiskNative.Faults;
        Touch(segment, offset, bytes, PagesTold * JournalLimits.SegmentGrain);
        if (faults is null || JournalDiskNative.Faults != faults)
        {
            Touch(segment, offset, bytes, JournalLimits.SegmentGrain);
        }
    }

    private static unsafe void Touch(SegmentMapping segment, long offset, long bytes, int step)
    {
        for (long page = offset; page < offset + bytes; page += step)
        {
            Interlocked.Or(ref *(int*)(segment.Pointer + page), 0);     // changes nothing, not even in a race
        }
    }

    private static FileShare SegmentShare => FileShare.ReadWrite | FileShare.Delete;

    private static FileShare LockShare => OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;

    private static void Allocate(SafeFileHandle file, int bytes, string path)
    {
        if (OperatingSystem.IsLinux() && JournalDiskNative.TryAllocate(file, bytes, path))
        {
            return;
        }

        byte[] zeros = new byte[Math.Min(bytes, 1 << 20)];
        for (long offset = 0; offset < bytes; offset += zeros.Length)
        {
            RandomAccess.Write(file, zeros.AsSpan(0, (int)Math.Min(zeros.Length, bytes - offset)), offset);
        }
    }

    private static void SyncHandle(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsLinux())
        {
            JournalDiskNative.Sync(file, path);
            return;
        }

        RandomAccess.FlushToDisk(file);      // reports on Windows, and macOS needs more than fsync
    }

    private static string ReadOwner(string path)
    {
        using SafeFileHandle file = OperatingSystem.IsWindows()
            ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
            : JournalDiskNative.OpenForReading(path);
        return file.IsInvalid ? "" : ReadText(file);
    }

    private static string ReadText(SafeFileHandle file)
    {
        Span<byte> text = stackalloc byte[JournalLimits.MarkerBytesMax];
        return Encoding.UTF8.GetString(text[..RandomAccess.Read(file, text, 0)]);
    }

    private static Guid ReadBootId()
    {
        const string kernelFile = "/proc/sys/kernel/random/boot_id";
        return File.Exists(kernelFile) && Guid.TryParse(File.ReadAllText(kernelFile).Trim(), out Guid boot)
            ? boot
            : StartOfMachine();
    }

    // Good to the minute; a wrong guess costs a longer check of the journal, nothing else.
    private static Guid StartOfMachine()
    {
        DateTime start = DateTime.UtcNow - TimeSpan.FromMilliseconds(Environment.TickCount64);
        long minutes = start.Ticks / TimeSpan.TicksPerMinute;
        return new Guid((int)minutes, 0, 0, new byte[8]);
    }

    private sealed class FileLock(FileStream file) : IJournalLock
    {
        public void WriteOwner(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            file.SetLength(0);
            RandomAccess.Write(file.SafeFileHandle, bytes, 0);
            SyncHandle(file.SafeFileHandle, file.Name);
        }

        public void Dispose() => file.Dispose();
    }

    private sealed class FileReader(SafeFileHandle file) : ISegmentFile
    {
        public long Bytes => RandomAccess.GetLength(file);

        public int Read(long offset, Span<byte> to) => RandomAccess.Read(file, to, offset);

        public void Dispose() => file.Dispose();
    }

    /// <summary>Disposes the view's handle, not the view: the view would wait for the disk to take every
    /// page.</summary>
    private sealed unsafe class FileMapping : SegmentMapping
    {
        private readonly SafeMemoryMappedViewHandle _view;
        private long _reached;

        public FileMapping(SafeFileHandle file, string path, long bytes)
        {
            File = file;
            Path = path;
            Bytes = bytes;
            using var map = MemoryMappedFile.CreateFromFile(
                file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            var view = map.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.ReadWrite);
            _view = view.SafeMemoryMappedViewHandle;
            byte* pointer = null;
            _view.AcquirePointer(ref pointer);
            Pointer = pointer;
        }

        public SafeFileHandle File { get; }

        /// <summary>Whether it had not been populated up to here. One thread at a time.</summary>
        public bool Reach(long end)
        {
            bool isNew = end > _reached;
            _reached = Math.Max(_reached, end);
            return isNew;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_view.IsClosed)
            {
                _view.ReleasePointer();
                _view.Dispose();
                File.Dispose();
            }
        }
    }
}

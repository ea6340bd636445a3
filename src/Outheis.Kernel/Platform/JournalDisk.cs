namespace Outheis;

/// <summary>
/// Everything the journal does to a disk. Two shipping ways to fail, always <see cref="IOException"/>:
/// nothing happened, or (for the Sync verbs) it is unknown what is durable, and trying again proves nothing
/// (ES-44).
/// </summary>
internal interface IJournalDisk
{
    /// <summary>Differs after a reboot, when unsynced pages may be gone.</summary>
    Guid BootId { get; }

    void CreateDirectory(string path);

    /// <summary>Names of files and directories directly in it; null when there is no such
    /// directory.</summary>
    IReadOnlyList<string>? List(string directory);

    /// <summary>Takes the lock file for this process; null when somebody else holds it. Owner is the file's
    /// text: of the holder, or, when taken, of the one before.</summary>
    IJournalLock? TryLock(string path, out string owner);

    /// <summary>A new file of zeros, every block allocated before it is mapped. Leaves nothing behind on
    /// failure.</summary>
    SegmentMapping CreateSegment(string path, int bytes);

    /// <summary>Maps an existing file whole, read and write.</summary>
    SegmentMapping OpenSegment(string path);

    /// <summary>Opens an existing file for reading beside its writer.</summary>
    ISegmentFile OpenRead(string path);

    /// <summary>Gives a file another name, replacing what had it. Mappings of it stay valid.</summary>
    void Rename(string from, string to);

    void Delete(string path);

    /// <summary>Writes a small file of its own and makes it durable.</summary>
    void WriteAside(string path, ReadOnlySpan<byte> content);

    /// <summary>Makes a mapped file durable, its length and allocation included.</summary>
    void SyncFile(SegmentMapping segment);

    /// <summary>Makes the names in a directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>Makes pages present and writable without changing them; may run beside the appender. A
    /// wish.</summary>
    void Populate(SegmentMapping segment, long offset, long bytes);
}

/// <summary>A held lock. Released by Dispose or by the death of the process.</summary>
internal interface IJournalLock : IDisposable
{
    /// <summary>Replaces the file's text and makes it durable: after a power failure recovery goes by the boot in
    /// it.</summary>
    void WriteOwner(string text);
}

/// <summary>A segment file as a reader sees it: copies, never maps, so no writer can pull a page away under
/// it.</summary>
internal interface ISegmentFile : IDisposable
{
    long Bytes { get; }

    int Read(long offset, Span<byte> to);
}

/// <summary>A whole segment file in memory. Dispose unmaps without waiting for the disk.</summary>
internal abstract unsafe class SegmentMapping : IDisposable
{
    public byte* Pointer { get; protected init; }

    public long Bytes { get; protected init; }

    public string Path { get; protected init; } = "";

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}

namespace Outheis.Testing;

/// <summary>A file in the memory of a process. It holds the memory, so a kernel that was left behind can go on writing
/// into its own.</summary>
internal sealed unsafe class DiskMapping : SegmentMapping
{
    public DiskMapping(DiskContent content, string path)
    {
        Content = content;
        Pointer = content.Pointer;
        Bytes = content.Bytes;
        Path = path;
    }

    public DiskContent Content { get; }

    protected override void Dispose(bool disposing)
    {
    }
}

/// <summary>A file opened to be copied from.</summary>
internal sealed class DiskReader(DiskContent content) : ISegmentFile
{
    public long Bytes => content.Bytes;

    public int Read(long offset, Span<byte> to)
    {
        int bytes = (int)Math.Clamp(content.Bytes - offset, 0, to.Length);
        content.Seen.Slice((int)Math.Min(offset, content.Bytes), bytes).CopyTo(to);
        return bytes;
    }

    public void Dispose()
    {
    }
}

/// <summary>A lock of this boot's process. No image has it, as no lock outlives its process.</summary>
internal sealed class DiskLock(SimulatedDisk disk, DiskNode file, string path) : IJournalLock
{
    public void WriteOwner(string text) => disk.WriteOwner(file, path, text);

    public void Dispose() => disk.Unlock(path);
}

using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Outheis.Tests.Journal;

/// <summary>A disk of native memory that outlives the journals opened on it, and that fails on
/// demand.</summary>
internal sealed unsafe class MemoryJournalDisk : IJournalDisk, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Content> _files = [];
    private readonly HashSet<string> _directories = [];
    private readonly HashSet<string> _locked = [];

    public Guid BootId { get; set; } = Guid.NewGuid();

    /// <summary>Bytes left for new segments; what is over is refused like a full disk does.</summary>
    public long Free { get; set; } = long.MaxValue;

    /// <summary>Thrown by every Sync verb while set.</summary>
    public IOException? SyncError { get; set; }

    public int Syncs { get; private set; }

    /// <summary>Paths of the segments that were made durable, by the names that they were opened with.</summary>
    public ConcurrentQueue<string> Synced { get; } = [];

    public int Populated { get; private set; }

    public IEnumerable<string> Files
    {
        get
        {
            lock (_gate)      // the preparer makes files meanwhile
            {
                return [.. _files.Keys.Order()];
            }
        }
    }

    public Span<byte> Bytes(string path) => new(_files[path].Pointer, (int)_files[path].Bytes);

    public void CreateDirectory(string path) => _directories.Add(path);

    public IReadOnlyList<string>? List(string directory)
    {
        lock (_gate)
        {
            return !_directories.Contains(directory)
                ? null
                : [.. _files.Keys.Concat(_directories)
                    .Where(path => Path.GetDirectoryName(path) == directory)
                    .Select(path => Path.GetFileName(path)!)];
        }
    }

    public IJournalLock? TryLock(string path, out string owner)
    {
        lock (_gate)
        {
            owner = _files.TryGetValue(path, out Content? content) ? content.Text : "";
            if (!_locked.Add(path))
            {
                return null;
            }

            _files.TryAdd(path, new Content(0));
            return new Held(this, path);
        }
    }

    public SegmentMapping CreateSegment(string path, int bytes)
    {
        lock (_gate)
        {
            if (Free < bytes)
            {
                throw new IOException("No space left on device");
            }

            Free -= bytes;
            _files.Add(path, new Content(bytes));
            return new Mapping(_files[path], path);
        }
    }

    public SegmentMapping OpenSegment(string path)
    {
        lock (_gate)
        {
            return _files.TryGetValue(path, out Content? content)
                ? new Mapping(content, path)
                : throw new FileNotFoundException(path);
        }
    }

    public ISegmentFile OpenRead(string path)
    {
        lock (_gate)
        {
            return _files.TryGetValue(path, out Content? content)
                ? new Reader(content)
                : throw new FileNotFoundException(path);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            _files.Remove(from, out Content? content);
            _files[to] = content ?? throw new FileNotFoundException(from);
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            if (_files.Remove(path, out Content? content))
            {
                Free += Free == long.MaxValue ? 0 : content.Bytes;
            }
        }
    }

    public void WriteAside(string path, ReadOnlySpan<byte> content)
    {
        lock (_gate)
        {
            var file = new Content(content.Length);
            content.CopyTo(new Span<byte>(file.Pointer, content.Length));
            _files[path] = file;
        }
    }

    public void SyncFile(SegmentMapping segment)
    {
        Sync();
        Synced.Enqueue(segment.Path);
    }

    public void SyncDirectory(string path) => Sync();

    public void Populate(SegmentMapping segment, long offset, long bytes) => Populated++;

    public void Dispose() => _files.Clear();

    private void Sync()
    {
        Syncs++;
        if (SyncError is { } error)
        {
            throw error;
        }
    }

    /// <summary>Freed by its finalizer: files are renamed, deleted and still mapped as on a real
    /// disk.</summary>
    internal sealed class Content(long bytes)
    {
        public byte* Pointer { get; } = Zeros((nuint)Math.Max(bytes, 64));

        public long Bytes { get; } = bytes;

        public string Text { get; set; } = "";

        private static byte* Zeros(nuint bytes)
        {
            void* memory = NativeMemory.AlignedAlloc(bytes, 4096);
            NativeMemory.Clear(memory, bytes);
            return (byte*)memory;
        }

        ~Content() => NativeMemory.AlignedFree(Pointer);
    }

    private sealed class Held(MemoryJournalDisk disk, string path) : IJournalLock
    {
        public void WriteOwner(string text) => disk._files[path].Text = text;

        public void Dispose() => disk._locked.Remove(path);
    }

    private sealed class Mapping : SegmentMapping
    {
        private readonly Content _content;

        public Mapping(Content content, string path)
        {
            _content = content;
            Pointer = content.Pointer;
            Bytes = content.Bytes;
            Path = path;
        }

        protected override void Dispose(bool disposing) => GC.KeepAlive(_content);
    }

    private sealed class Reader(Content content) : ISegmentFile
    {
        public long Bytes => content.Bytes;

        public int Read(long offset, Span<byte> to)
        {
            int bytes = (int)Math.Clamp(content.Bytes - offset, 0, to.Length);
            new ReadOnlySpan<byte>(content.Pointer + offset, bytes).CopyTo(to);
            return bytes;
        }

        public void Dispose()
        {
        }
    }
}

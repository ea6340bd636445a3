namespace Outheis;

/// <summary>The seals of one lane, in order. The sealer's thread, but for Describe.</summary>
internal sealed unsafe class LaneSealer(
    JournalLane lane, LaneArchive? archive, ISealSigner? signer, IJournalDisk disk)
{
    private byte[] _previous = [];      // hash of the segment before the next one; empty: there is none to follow
    private long _next = -1;            // to be sealed; -1: not looked for yet
    private long _full;                 // segments before this one are full
    private long _settled;              // and before this one all that their records name is durable

    private LaneStore Store => lane.Segments.Store;

    /// <summary>Something is full that all lanes were not made durable after.</summary>
    public bool MustSettle
    {
        get
        {
            FindNext();
            return _next < lane.Segments.Newest && _next >= _settled;
        }
    }

    public string? ArchiveFailure => Store.ArchiveFailure;

    public JournalLaneInfo Describe() => new(
        lane.Id, Store.Oldest, lane.Segments.Newest, Volatile.Read(ref _next), archive?.Next ?? -1, Store.Dropped);

    public void BeginSettling() => _full = lane.Segments.Newest;

    public void EndSettling() => _settled = _full;

    /// <summary>Returns whether there is more to do.</summary>
    public bool SealOne()
    {
        FindNext();
        if (_next >= _settled)
        {
            return false;
        }

        if (!Store.TryBeginSeal(_next))
        {
            if (_next < Store.Oldest)
            {
                SkipTo(Store.Oldest);
                return true;
            }

            return false;      // about to be: then the next segment is left soon
        }

        try
        {
            Seal();
        }
        finally
        {
            Store.EndSeal();
        }

        return _next < lane.Segments.Newest;      // what came meanwhile, too: signals are not counted
    }

    /// <summary>Returns whether there is more to do.</summary>
    public bool ArchiveOne() => archive is not null && archive.CopyOne(_next);

    private void Seal()
    {
        using SegmentMapping mapping = disk.OpenSegment(Store.PathOf(_next));
        SegmentSeal seal = SegmentSeal.Of(mapping.Pointer, mapping.Bytes, _previous, signer);
        *(SegmentSeal*)(mapping.Pointer + SegmentSeal.Offset) = seal;
        Store.SyncSeal(mapping);
        _previous = seal.Hash;
        Volatile.Write(ref _next, _next + 1);
    }

    private void SkipTo(long sequence)
    {
        _previous = [];
        Volatile.Write(ref _next, sequence);
    }

    // Once, from the newest back: the newest one that has a seal is the end of the chain. What was sealed and given up
    // may be in the archive.
    private void FindNext()
    {
        if (_next >= 0)
        {
            return;
        }

        long next = lane.Segments.Newest;
        SegmentSeal seal = default;
        while (next > Store.Oldest && !TryReadSeal(disk, Store.PathOf(next - 1), next - 1, out seal))
        {
            next--;
        }

        bool follows = next > Store.Oldest
            || (archive is not null && TryReadSeal(archive.Disk, archive.PathOf(next - 1), next - 1, out seal));
        _previous = follows ? seal.Hash : [];
        Volatile.Write(ref _next, next);
    }

    public static bool TryReadSeal(IJournalDisk disk, string path, long sequence, out SegmentSeal seal)
    {
        try
        {
            using ISegmentFile file = disk.OpenRead(path);
            return SegmentSeal.TryRead(file, sequence, out seal);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            seal = default;
            return false;
        }
    }
}

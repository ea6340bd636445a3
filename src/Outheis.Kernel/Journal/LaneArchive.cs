namespace Outheis;

/// <summary>
/// Copies the sealed segments of one lane to the archive, under the same names. A file named .seg there is whole and
/// durable; it is written under another name and compared with its seal before it is given its own. The sealer's
/// thread, but for Next.
/// </summary>
internal sealed unsafe class LaneArchive(JournalLane lane, string archive, IJournalDisk from, IJournalDisk to)
{
    private readonly string _directory = Path.Combine(archive, JournalSegment.LaneName(lane.Id));
    private long _next = -1;      // to be copied; -1: the archive was not looked at yet

    /// <summary>Any thread: the first that the archive does not have; -1: not known yet.</summary>
    public long Next => Volatile.Read(ref _next);

    public IJournalDisk Disk => to;

    private LaneStore Store => lane.Segments.Store;

    public string PathOf(long sequence) => Path.Combine(_directory, JournalSegment.NameOf(sequence));

    /// <summary>Copies the next one that is sealed. What fails is told by the lane's store. Returns whether there is
    /// more to do.</summary>
    public bool CopyOne(long sealedTo)
    {
        try
        {
            if (_next < 0)
            {
                MoveTo(FindNext(sealedTo));
            }

            if (_next < Store.Oldest)
            {
                MoveTo(Store.Oldest);
            }

            if (_next < sealedTo)
            {
                Copy(_next);
                MoveTo(_next + 1);
            }

            Store.ArchiveFailure = null;
            return _next < sealedTo;
        }
        catch (FileNotFoundException) when (_next < Store.Oldest)
        {
            return true;      // given up meanwhile
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Store.ArchiveFailure = error.Message.TrimEnd('.');
            return false;
        }
    }

    private void MoveTo(long next)
    {
        Volatile.Write(ref _next, next);
        Store.NoteArchived(next);
    }

    // What has its name there was durable before, but for the name.
    private long FindNext(long sealedTo)
    {
        JournalDirectory.CreateDurably(_directory, to);
        to.SyncDirectory(_directory);
        List<long> there = JournalSegment.Sequences(to.List(_directory) ?? []);
        if (there.Count == 0)
        {
            return Store.Oldest;
        }

        if (there[^1] >= sealedTo || (there[^1] >= Store.Oldest && !IsOurs(there[^1])))
        {
            throw new JournalException(
                $"{PathOf(there[^1])} is not of the journal {Path.GetDirectoryName(Store.Directory)}: name another "
                + "archive");
        }

        return there[^1] + 1;
    }

    private bool IsOurs(long sequence) =>
        LaneSealer.TryReadSeal(from, Store.PathOf(sequence), sequence, out SegmentSeal live)
        && LaneSealer.TryReadSeal(to, PathOf(sequence), sequence, out SegmentSeal archived)
        && live.Hash.AsSpan().SequenceEqual(archived.Hash);

    private void Copy(long sequence)
    {
        string path = PathOf(sequence), temporary = path + LaneStore.TemporaryExtension;
        try
        {
            using (ISegmentFile source = from.OpenRead(Store.PathOf(sequence)))
            {
                to.Delete(temporary);
                using SegmentMapping copy = to.CreateSegment(temporary, (int)source.Bytes);
                CopyBytes(source, copy);
                RequireSealed(copy, sequence);
                to.SyncFile(copy);
            }

            to.Rename(temporary, path);
            to.SyncDirectory(_directory);
        }
        catch
        {
            Drop(temporary);
            Drop(path);      // its name may never become durable: the next try gives it anew
            throw;
        }
    }

    private static void CopyBytes(ISegmentFile source, SegmentMapping copy)
    {
        for (long offset = 0; offset < copy.Bytes;)
        {
            long most = Math.Min(JournalLimits.ArchiveChunkBytes, copy.Bytes - offset);
            int read = source.Read(offset, new Span<byte>(copy.Pointer + offset, (int)most));
            if (read == 0)
            {
                throw new EndOfStreamException($"{copy.Path} ends before its original did");
            }

            offset += read;
        }
    }

    // Also tells that it was not recycled meanwhile.
    private void RequireSealed(SegmentMapping copy, long sequence)
    {
        ref SegmentSeal seal = ref *(SegmentSeal*)(copy.Pointer + SegmentSeal.Offset);
        if (!seal.IsWhole || ((SegmentHeader*)copy.Pointer)->Sequence != sequence
            || !seal.HashOf(copy.Pointer, copy.Bytes).AsSpan().SequenceEqual(seal.Hash))
        {
            throw sequence < Store.Oldest ? new FileNotFoundException()
                : new JournalException($"{Store.PathOf(sequence)} is not what was sealed: it is not archived");
        }
    }

    private void Drop(string path)
    {
        try
        {
            to.Delete(path);
        }
        catch (IOException)
        {
        }
    }
}

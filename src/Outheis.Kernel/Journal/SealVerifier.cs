namespace Outheis;

/// <summary>Checks the seals of a journal or of an archive: that each sealed segment is, byte for byte, what was
/// sealed, follows the one before it, and is signed.</summary>
/// <remarks>Reads only, also beside a running kernel. What it cannot know is whether the newest segments were taken
/// away altogether, with their seals: keep the last hash of a lane elsewhere to compare.</remarks>
public static class SealVerifier
{
    /// <summary>Checks every lane in a directory. The time is that of reading all of it, by one thread.</summary>
    /// <param name="directory">Of a journal or of an archive.</param>
    /// <param name="key">Tells which signatures are good; then each seal must have one. Null: none is looked
    /// at.</param>
    /// <param name="progress">Called before each segment with bytes done and bytes in all; null: nobody looks.</param>
    /// <param name="cancellationToken">Ends it between two segments.</param>
    /// <exception cref="JournalException">There is no journal.</exception>
    public static IReadOnlyList<LaneSeals> Verify(
        string directory, ISealKey? key = null, Action<long, long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return Verify(Path.GetFullPath(directory), key, SystemJournalDisk.Instance, progress, cancellationToken);
    }

    internal static IReadOnlyList<LaneSeals> Verify(
        string directory, ISealKey? key, IJournalDisk disk, Action<long, long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        long all = JournalCatalog.Find(directory, disk, out _).Sum(static segment => segment.FileBytes), done = 0;
        void Tell(long bytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Invoke(Math.Min(done, all), all);
            done += bytes;
        }

        List<LaneSeals> lanes = [];
        foreach (string name in JournalReader.NamesIn(directory, disk).Order(StringComparer.Ordinal))
        {
            if (JournalSegment.TryParseLane(name, out int lane))
            {
                lanes.Add(new LaneVerification(disk, Path.Combine(directory, name), lane, key, Tell).Run());
            }
        }

        return lanes;
    }

    private sealed class LaneVerification(
        IJournalDisk disk, string directory, int lane, ISealKey? key, Action<long> tell)
    {
        private readonly byte[] _chunk = GC.AllocateUninitializedArray<byte>(JournalLimits.SegmentBytesMax >> 10);
        private readonly List<string> _hashes = [];
        private byte[]? _previous;      // of the segment before; null: it has no seal
        private long _last = -1;
        private long _unsealed = -1;    // the first one without a seal
        private long _first = -1;

        public LaneSeals Run()
        {
            SealFault? fault = null;
            foreach (long sequence in JournalSegment.Sequences(disk.List(directory) ?? []))
            {
                string? reason = Check(sequence);
                if (reason is not null)
                {
                    fault = new SealFault(Path.Combine(directory, JournalSegment.NameOf(sequence)), reason);
                    break;
                }
            }

            return new LaneSeals(lane, _first, _hashes.Count, _last, _hashes.LastOrDefault(""), fault)
            {
                Hashes = _hashes,
            };
        }

        private string? Check(long sequence)
        {
            using ISegmentFile? file = TryOpen(sequence);
            if (file is null)
            {
                return null;      // given up meanwhile
            }

            tell(file.Bytes);
            SegmentHeader header = SegmentHeader.Read(file);
            if (!SegmentSeal.TryRead(file, sequence, out SegmentSeal seal)
                && !SegmentSeal.TryRead(file, sequence, out seal))      // it may just have been written
            {
                _unsealed = _unsealed < 0 ? sequence : _unsealed;
                return SegmentSeal.IsTraceIn(file) ? "its seal is damaged" : null;      // else it is not sealed yet
            }

            string? reason = _unsealed >= 0 ? $"segment {_unsealed} before it has no seal"
                : header.Fault(lane, sequence, file.Bytes) ?? CheckChain(sequence, seal)
                    ?? (SegmentSeal.IsRubbishIn(file) ? "something stands where no kernel writes" : null)
                    ?? (seal.HashOf(file, _chunk).AsSpan().SequenceEqual(seal.Hash) ? null
                        : "its content is not what was sealed") ?? CheckSignature(seal);
            if (reason is null)
            {
                (_last, _previous) = (sequence, seal.Hash);
                _hashes.Add(Convert.ToHexStringLower(_previous));
                _first = _first < 0 ? sequence : _first;
            }

            return reason;
        }

        private ISegmentFile? TryOpen(long sequence)
        {
            try
            {
                return disk.OpenRead(Path.Combine(directory, JournalSegment.NameOf(sequence)));
            }
            catch (FileNotFoundException)
            {
                return null;
            }
        }

        // What the retention gave up before the first one is not missed.
        private string? CheckChain(long sequence, SegmentSeal seal) =>
            (seal.Flags & SealFlags.Gap) != 0 && (_last < 0 || _last < sequence - 1) ? null
            : _last < 0 && (seal.Flags & SealFlags.Begins) == 0 ? null
            : _last < 0 ? sequence == 0 ? null : "it says that the lane begins with it"
            : _last != sequence - 1 ? $"segment {_last + 1} before it is missing"
            : !_previous.AsSpan().SequenceEqual(seal.Previous) ? $"it does not follow segment {_last}"
            : null;

        private string? CheckSignature(SegmentSeal seal) =>
            key is null || key.Verify(seal.KeyId, seal.Hash, seal.Signature) ? null
            : seal.SignatureBytes == 0 ? "its seal is not signed" : "the signature of its seal is not good";
    }
}

/// <summary>The seals of one lane.</summary>
/// <param name="Lane">The core.</param>
/// <param name="First">The oldest sealed segment that was good; -1: none.</param>
/// <param name="Sealed">How many were good, without a break; what comes after a fault is not looked at.</param>
/// <param name="Last">The newest of them; -1: none.</param>
/// <param name="LastHash">Its hash, which stands for all before it: 64 hexadecimal digits.</param>
/// <param name="Fault">The first thing that is wrong; null: nothing.</param>
public sealed record LaneSeals(int Lane, long First, int Sealed, long Last, string LastHash, SealFault? Fault)
{
    /// <summary>The hashes of all that were good, the oldest first: one that was kept elsewhere is among them, if
    /// nothing up to it was changed and it is still there.</summary>
    public IReadOnlyList<string> Hashes { get; init; } = [];
}

/// <summary>What is wrong with a sealed segment.</summary>
/// <param name="File">Its path.</param>
/// <param name="Reason">Half a sentence.</param>
public sealed record SealFault(string File, string Reason);

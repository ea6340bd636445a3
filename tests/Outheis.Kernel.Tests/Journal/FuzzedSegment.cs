using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis.Tests.Journal;

/// <summary>
/// Any bytes as the only segment of a journal: read, verified, its seal too, and folded; whatever it is, that ends, and
/// throws nothing but <see cref="JournalException"/>. The first byte says how: bit 0 makes the checksums and the seal's
/// hash right, bit 1 takes the segment's header from the bytes, too, bit 2 a seal.
/// </summary>
internal sealed unsafe class FuzzedSegment : IJournalDisk
{
    private const int HeaderBytes = 80;
    private const int RecordsMost = 100_000;
    private const string Root = "/journal";
    private const string Lane = "lane-00";

    private const byte IsRight = 1, HasHeader = 2, HasSeal = 4;

    private readonly byte[] _segment = new byte[JournalLimits.SegmentBytesMin];

    private FuzzedSegment(ReadOnlySpan<byte> input)
    {
        byte how = input.Length > 0 ? input[0] : (byte)0;
        input = input[Math.Min(1, input.Length)..];
        var header = new SegmentHeader
        {
            Magic = SegmentHeader.MagicNumber, Version = JournalLimits.FormatVersion, Run = 1,
            SegmentBytes = JournalLimits.SegmentBytesMin,
        };
        Unsafe.WriteUnaligned(ref _segment[0], header);
        if ((how & HasHeader) != 0)
        {
            Take(ref input, at: 0, HeaderBytes);
        }

        if ((how & HasSeal) != 0)
        {
            Take(ref input, SegmentSeal.Offset, SegmentSeal.Bytes);
        }

        Take(ref input, JournalLimits.SegmentHeaderBytes, _segment.Length - JournalLimits.SegmentHeaderBytes);
        Sum(withRecords: (how & IsRight) != 0, withHeader: (how & HasHeader) == 0 || (how & IsRight) != 0,
            withSeal: (how & (IsRight | HasSeal)) == (IsRight | HasSeal));
    }

    public Guid BootId => Guid.Empty;

    /// <summary>What reads as that segment.</summary>
    /// <param name="segment">As its writer left it.</param>
    /// <param name="isOwn">With its header and its seal: only what is lane 0's segment 0 is read so.</param>
    public static byte[] Describe(ReadOnlySpan<byte> segment, bool isOwn)
    {
        ReadOnlySpan<byte> records = segment[JournalLimits.SegmentHeaderBytes..].TrimEnd((byte)0);
        ReadOnlySpan<byte> seal = segment.Slice(SegmentSeal.Offset, SegmentSeal.Bytes);
        return !isOwn ? [IsRight, .. records]
            : seal.ContainsAnyExcept((byte)0) ? [HasHeader | HasSeal, .. segment[..HeaderBytes], .. seal, .. records]
            : [HasHeader, .. segment[..HeaderBytes], .. records];
    }

    /// <summary>The kinds of records that a reader finds in it.</summary>
    public static IReadOnlyCollection<JournalKind> KindsIn(ReadOnlySpan<byte> input)
    {
        try
        {
            using JournalReader reader = JournalReader.Open(Root, new FuzzedSegment(input));
            return [.. reader.Read().Take(RecordsMost).Select(static entry => entry.Kind).Distinct()];
        }
        catch (JournalException)
        {
            return [];
        }
    }

    /// <summary>Reads it in every way. Returns what was found, in words.</summary>
    public static string Read(ReadOnlySpan<byte> input)
    {
        var disk = new FuzzedSegment(input);
        int read = 0, waiting = 0;
        string verdict = "";
        try
        {
            using JournalReader reader = JournalReader.Open(Root, disk);
            List<JournalEntry> entries = [.. reader.Read().Take(RecordsMost)];
            read = entries.Count;
            foreach (JournalEntry entry in entries)
            {
                _ = (entry.PayloadText, entry.Detail, entry.TypeFullName, entry.Deadline, entry.Time, entry.IsFailure);
            }

            using LedgerReader past = LedgerReader.Open(disk, Root, archive: null);
            past.CatchUp(RecordsMost);
            waiting = past.Ledger.Waiting + past.Quarantine().Count();
            foreach (string name in past.Ledger.Names)
            {
                waiting += past.Find(name)?.Waiting.Count ?? 0;
            }

            JournalVerification found = JournalVerifier.Verify(Root, disk, threads: 1);
            verdict = found.IsWhole ? "whole" : $"{found.Faults[0]}";
            foreach (ISealKey? key in (ISealKey?[])[null, new AnyKey()])
            {
                LaneSeals seals = SealVerifier.Verify(Root, key, disk).Single();
                verdict += $", {seals.Sealed} {(key is null ? "sealed" : "signed")} {seals.Fault?.Reason}";
            }
        }
        catch (JournalException refusal)
        {
            verdict = refusal.Message;
        }

        return $"{read} records, {waiting} wait, {verdict}";
    }

    public IReadOnlyList<string>? List(string directory) => directory switch
    {
        Root => [Lane],
        $"{Root}/{Lane}" => [JournalSegment.NameOf(0)],
        _ => null,
    };

    public ISegmentFile OpenRead(string path) =>
        path.EndsWith(JournalSegment.NameOf(0), StringComparison.Ordinal)
            ? new Opened(_segment) : throw new FileNotFoundException(path);

    public void CreateDirectory(string path) => throw new IOException(path);

    public IJournalLock? TryLock(string path, out string owner) => throw new IOException(path);

    public SegmentMapping CreateSegment(string path, int bytes) => throw new IOException(path);

    public SegmentMapping OpenSegment(string path) => throw new IOException(path);

    public void Rename(string from, string to) => throw new IOException(from);

    public void Delete(string path) => throw new IOException(path);

    public void WriteAside(string path, ReadOnlySpan<byte> content) => throw new IOException(path);

    public void SyncFile(SegmentMapping segment) => throw new IOException();

    public void SyncDirectory(string path) => throw new IOException(path);

    public void Populate(SegmentMapping segment, long offset, long bytes)
    {
    }

    // A fuzzer finds no checksums. What they would refuse is what it is to be spared.
    private void Sum(bool withRecords, bool withHeader, bool withSeal)
    {
        fixed (byte* bytes = _segment)
        {
            if (withHeader)
            {
                ref SegmentHeader header = ref Unsafe.AsRef<SegmentHeader>(bytes);
                header.Crc = header.ComputeCrc();
            }

            long first = ((SegmentHeader*)bytes)->FirstPosition;
            int offset = JournalLimits.SegmentHeaderBytes;
            while (withRecords && offset + RecordHeader.Bytes <= _segment.Length)
            {
                var record = (RecordHeader*)(bytes + offset);
                int length = record->Length;
                if (length < RecordHeader.Bytes || length > _segment.Length - offset)
                {
                    break;
                }

                record->Crc = Crc32C.OfRecord(record, length - RecordHeader.Bytes, first + offset);
                offset += RecordHeader.Aligned(length - RecordHeader.Bytes);
            }

            if (withSeal)
            {
                ref SegmentSeal seal = ref Unsafe.AsRef<SegmentSeal>(bytes + SegmentSeal.Offset);
                byte[] hash = seal.HashOf(bytes, _segment.Length);
                hash.CopyTo(MemoryMarshal.CreateSpan(ref seal.SegmentHash[0], SegmentSeal.HashBytes));
                seal.Crc = seal.ComputeCrc();
            }
        }
    }

    private void Take(ref ReadOnlySpan<byte> input, int at, int most)
    {
        int count = Math.Min(input.Length, most);
        input[..count].CopyTo(_segment.AsSpan(at));
        input = input[count..];
    }

    /// <summary>Every signature is good that is one.</summary>
    private sealed class AnyKey : ISealKey
    {
        public bool Verify(ReadOnlySpan<byte> keyId, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) =>
            keyId.Length > 0 && hash.Length > 0 && signature.Length > 0;
    }

    private sealed class Opened(byte[] bytes) : ISegmentFile
    {
        public long Bytes => bytes.Length;

        public int Read(long offset, Span<byte> to)
        {
            int count = (int)Math.Clamp(bytes.Length - offset, 0, to.Length);
            bytes.AsSpan((int)Math.Min(offset, bytes.Length), count).CopyTo(to);
            return count;
        }

        public void Dispose()
        {
        }
    }
}

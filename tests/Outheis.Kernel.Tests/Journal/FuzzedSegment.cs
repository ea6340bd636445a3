using System.Runtime.CompilerServices;

namespace Outheis.Tests.Journal;

/// <summary>
/// Any bytes as the only segment of a journal: read, verified and folded; whatever it is, that ends, and throws nothing
/// but <see cref="JournalException"/>. The first byte says how: bit 0 makes the checksums right, bit 1 takes the
/// segment's header from the bytes, too.
/// </summary>
internal sealed unsafe class FuzzedSegment : IJournalDisk
{
    private const int HeaderBytes = 80;
    private const int RecordsMost = 100_000;
    private const string Root = "/journal";
    private const string Lane = "lane-00";

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
        if ((how & 2) != 0)
        {
            input[..Math.Min(input.Length, HeaderBytes)].CopyTo(_segment);
            input = input[Math.Min(input.Length, HeaderBytes)..];
        }

        int room = JournalLimits.SegmentBytesMin - JournalLimits.SegmentHeaderBytes;
        input[..Math.Min(input.Length, room)].CopyTo(_segment.AsSpan(JournalLimits.SegmentHeaderBytes));
        Seal(withRecords: (how & 1) != 0, withHeader: (how & 2) == 0 || (how & 1) != 0);
    }

    public Guid BootId => Guid.Empty;

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
    private void Seal(bool withRecords, bool withHeader)
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
        }
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

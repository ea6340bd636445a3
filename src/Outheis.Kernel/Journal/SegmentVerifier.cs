using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>Checks every record of one segment, and what lies behind the first that is none.</summary>
internal sealed unsafe class SegmentVerifier(LaneFiles files, Action<long> progress)
    : IDisposable
{
    private const int BytesPerStep = 4 << 20;       // between two calls of progress

    private readonly SegmentReader _segment = new(JournalLimits.ReadWindowBytes);

    public SegmentVerdict Verify(long sequence, long expectedFirst)
    {
        var verdict = new SegmentVerdict { Lane = files.Lane, Sequence = sequence };
        bool opens = _segment.TryOpen(files, sequence, out SegmentHeader found, out string fault);
        if (!opens && !TryAttach(sequence, expectedFirst, out string gone))
        {
            verdict.Fault = gone.Length > 0 ? null : fault;
            verdict.IsGone = gone.Length > 0;
            return verdict;
        }

        verdict.First = _segment.Header.FirstPosition;
        if (!opens)
        {
            verdict.Fault = fault;
            verdict.Position = verdict.First;
            verdict.Beyond = CountFrom(JournalLimits.SegmentHeaderBytes);
            return verdict;
        }

        verdict.SegmentBytes = found.SegmentBytes;
        Walk(ref verdict);
        return verdict;
    }

    public void Dispose() => _segment.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]      // called once, with a million records
    private void Walk(ref SegmentVerdict verdict)
    {
        _segment.Offset = JournalLimits.SegmentHeaderBytes;
        verdict.Records = 0;
        int told = 0;
        RecordState state;
        while ((state = _segment.Look(out int bytes)) == RecordState.Whole)
        {
            verdict.Records++;
            _segment.Offset += bytes;
            if (_segment.Offset - told >= BytesPerStep)
            {
                progress(_segment.Offset - told);
                told = _segment.Offset;
            }
        }

        progress(_segment.Offset - told);
        Judge(ref verdict, state);
    }

    private void Judge(ref SegmentVerdict verdict, RecordState state)
    {
        int end = _segment.Offset;
        (verdict.End, verdict.State, verdict.Position) = (end, state, _segment.Position);
        if (state == RecordState.Padding)
        {
            return;
        }

        verdict.Beyond = CountFrom(end + RecordHeader.Alignment);
        if (_segment.IsRecycled())
        {
            verdict.IsGone = true;
            return;
        }

        // The writer may have gone on meanwhile: what is there now was there before what was found beyond.
        _segment.Offset = end;
        if (verdict.Beyond > 0 && state == RecordState.Unwritten && _segment.Look(out _) == RecordState.Whole)
        {
            verdict.Beyond = 0;
            Walk(ref verdict);
            return;
        }

        verdict.Fault = state == RecordState.Invalid ? $"the bytes at offset {end} are no record"
            : verdict.Beyond > 0 ? $"nothing is written at offset {end}, and records follow"
            : null;
    }

    // As SegmentScan.Beyond, by copies: bytes that only look like a record cost what they claim to be, up to a bound.
    private long CountFrom(int offset)
    {
        long count = 0;
        long budget = (long)JournalLimits.SearchSegments * _segment.Header.SegmentBytes;
        while (budget > 0 && offset <= _segment.Header.SegmentBytes - RecordHeader.Bytes)
        {
            _segment.Offset = offset;
            bool whole = _segment.TryLookFor(out int bytes);
            count += whole ? 1 : 0;
            offset += whole ? bytes : RecordHeader.Alignment;
            budget -= bytes;
        }

        return count;
    }

    // A segment whose header is damaged, read as what it has to be: where the one before it ends.
    private bool TryAttach(long sequence, long expectedFirst, out string gone)
    {
        gone = "";
        ISegmentFile file;
        try
        {
            file = files.Disk.OpenRead(Path.Combine(files.Directory, JournalSegment.NameOf(sequence)));
        }
        catch (FileNotFoundException)
        {
            gone = "given up";
            return false;
        }

        SegmentHeader header = SegmentReader.ReadHeader(file);
        (header.Lane, header.Sequence) = (files.Lane, sequence);
        (header.FirstPosition, header.SegmentBytes) = (expectedFirst, (int)Math.Min(file.Bytes, int.MaxValue));
        _segment.Attach(file, in header);
        return true;
    }
}

/// <summary>What became of one segment.</summary>
internal record struct SegmentVerdict
{
    public int Lane;
    public long Sequence;
    public long First;              // its first position, and its length, as the header has it
    public int SegmentBytes;
    public int End;                 // where its records end
    public long Position;           // of the fault, or of the end
    public RecordState State;
    public long Records;
    public long Beyond;
    public string? Fault;
    public bool IsGone;             // its writer gave it up while it was looked at

    public readonly bool HasBegun => Records > 0 || Fault is not null || State == RecordState.Padding;
}

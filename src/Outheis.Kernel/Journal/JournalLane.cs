using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>
/// The append side of one core's journal: a pointer into a mapped segment. One thread at a time owns it;
/// handing it over needs an ordering of the caller's own (joining the thread, a lock).
///
/// Use: TryReserve(n), then Begin(n), fill every caller's field and n bytes after the header, Commit(header,
/// n). A header that was begun and not committed never existed: the next Begin returns the same memory.
///
/// Invariants:
///   I1  cursor is aligned, inside the current segment, and the length word at cursor is 0
///   I2  everything before cursor in the segment is whole records, one after the other
///   I3  from cursor to the segment's end there is always room for a Closed record and the padding
/// </summary>
internal sealed unsafe class JournalLane : IDisposable
{
    private readonly LaneSegments _segments;
    private readonly TimeProvider _time;
    private byte* _cursor;            // where the next record begins
    private byte* _end;               // no record may reach beyond it without a look at Extend
    private byte* _limit;             // no record may reach beyond it at all; _end <= _limit
    private long _positionOfZero;     // position of a record minus its address
    private long _retryAt;            // after a refusal, in ticks of the clock

    internal JournalLane(int id, LaneSegments segments, JournalSegment current, int offset, TimeProvider time)
    {
        Id = id;
        _time = time;
        _segments = segments;
        Enter(current, offset);
    }

    /// <summary>The core whose history this is.</summary>
    public int Id { get; }

    /// <summary>Where the next record will be. The owning thread only.</summary>
    public long Position => (long)_cursor + _positionOfZero;

    /// <summary>The longest payload this lane can ever take, an extension included.</summary>
    public int PayloadBytesMax => _segments.PayloadBytesMax;

    /// <summary>Why the newest TryReserve was refused; null after one that was not.</summary>
    public JournalException? Refusal { get; private set; }

    /// <summary>
    /// True: the next Begin with this size, or a smaller one, has its room. False: no segment could be had,
    /// because the disk is full or failed; nothing was written. <see cref="Refusal"/> says why. A later call
    /// tries again, every 10 ms at most.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReserve(int payloadBytes) =>
        _cursor + RecordHeader.Aligned(payloadBytes) <= _end || Extend(payloadBytes);

    /// <summary>The next record's memory. Its content is arbitrary: fill every field that is the
    /// caller's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RecordHeader* Begin(int payloadBytes)
    {
        Debug.Assert(_cursor + RecordHeader.Aligned(payloadBytes) <= _end, "Begin without TryReserve");
        return (RecordHeader*)_cursor;
    }

    /// <summary>Makes the begun record exist. Returns its position.</summary>
    /// <param name="header">What Begin returned.</param>
    /// <param name="payloadBytes">What follows it, extension included; at most what was reserved.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Commit(RecordHeader* header, int payloadBytes)
    {
        Debug.Assert((byte*)header == _cursor, "Commit of something else than what Begin returned");
        long position = Position;
        Publish((byte*)header, payloadBytes, Crc32C.OfRecord(header, payloadBytes, position));
        return position;
    }

    /// <summary>Begin, fill and Commit in one, after TryReserve: a record without extension whose payload is one value,
    /// as most are. Returns its position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Append<T>(ulong what, ulong who, ulong badge, long cause, ulong right, in T payload)
    {
        Debug.Assert(_cursor + RecordHeader.Aligned(Unsafe.SizeOf<T>()) <= _end, "Append without TryReserve");
        byte* record = _cursor;
        ulong* words = (ulong*)record;
        long position = (long)record + _positionOfZero;
        words[1] = what;
        words[2] = who;
        words[3] = badge;
        words[4] = (ulong)cause;
        words[5] = right;
        uint ofPayload = Crc32C.Copy(record + RecordHeader.Bytes, in payload);
        uint crc = Crc32C.OfRecord(position, what, who, badge, (ulong)cause, right, ofPayload, Unsafe.SizeOf<T>());
        Publish(record, Unsafe.SizeOf<T>(), crc);
        return position;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Publish(byte* record, int payloadBytes, uint crc)
    {
        byte* next = record + RecordHeader.Aligned(payloadBytes);
        *(int*)next = 0;      // I1, and before the record exists: no reader runs into a stale lap behind it
        Interference.At(Moment.RecordFilled);
        ulong first = RecordHeader.Pair((uint)(RecordHeader.Bytes + payloadBytes), crc);
        Volatile.Write(ref *(ulong*)record, first);      // R10: it exists; see A10
        _cursor = next;
        Interference.At(Moment.RecordCommitted);
    }

    /// <summary>Appends a system record. False as for TryReserve.</summary>
    /// <param name="fields">The caller's header fields; Kind among them.</param>
    /// <param name="record">The payload.</param>
    public bool TryAppend<TRecord>(in RecordHeader fields, in TRecord record)
        where TRecord : struct, IJournalRecord<TRecord>
    {
        int bytes = record.Bytes;
        if (!TryReserve(bytes))
        {
            return false;
        }

        RecordHeader* header = Begin(bytes);
        *header = fields;
        header->Length = 0;
        record.Write(new Span<byte>(header + 1, bytes));
        Commit(header, bytes);
        return true;
    }

    /// <summary>Where in memory the next record begins. Any thread: at least what happened before is behind
    /// it.</summary>
    internal nint Cursor
    {
        get
        {
            fixed (byte** cursor = &_cursor)
            {
                return Volatile.Read(ref *(nint*)cursor);
            }
        }
    }

    /// <summary>Makes everything appended so far durable, for somebody who will be told. Any thread. Throws
    /// <see cref="JournalException"/> when it is unknown what is durable; calling again proves nothing then.</summary>
    public void Sync() => Sync(forSomebody: true);

    /// <summary>Likewise, for the journal's own ends.</summary>
    internal void Sync(bool forSomebody) => _segments.Sync(this, forSomebody);

    internal LaneSegments Segments => _segments;

    /// <summary>Ends the run in this lane, after every lane was made durable: says so. The room is always there
    /// (I3).</summary>
    internal void Close(uint run, long utcTicks)
    {
        ObjectDisposedException.ThrowIf(_cursor is null, this);
        var record = new ClosedRecord(run, utcTicks);
        var header = (RecordHeader*)_cursor;
        *header = new RecordHeader { Kind = JournalKind.Closed };
        record.Write(new Span<byte>(header + 1, record.Bytes));
        _segments.NoteClosed((int)((byte*)header - _segments.Current.Pointer));
        Commit(header, record.Bytes);
    }

    /// <summary>Unmaps. Begin after it is a bug; TryReserve throws.</summary>
    public void Dispose()
    {
        if (_cursor is not null)
        {
            _cursor = _end = _limit = null;
            _segments.Dispose();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Extend(int payloadBytes)
    {
        ObjectDisposedException.ThrowIf(_cursor is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(payloadBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadBytes, PayloadBytesMax);
        int bytes = RecordHeader.Aligned(payloadBytes);
        if (_cursor + bytes <= _limit)
        {
            OpenWindow(_cursor + bytes);
            return true;
        }

        if (Refusal is not null && _time.GetTimestamp() < _retryAt)
        {
            return false;
        }

        if (_segments.TakeNext(out JournalException? refusal) is not { } next)
        {
            Refusal = refusal;
            _retryAt = _time.GetTimestamp() + (long)(
                JournalLimits.RetryAfterRefusal.TotalSeconds * _time.TimestampFrequency);
            return false;
        }

        // --- point of no return ---
        Refusal = null;
        Pad();
        _segments.Advance();
        Enter(next, JournalLimits.SegmentHeaderBytes);
        return true;
    }

    private void Enter(JournalSegment segment, int offset)
    {
        _cursor = segment.Pointer + offset;
        _limit = segment.Pointer + segment.Bytes - JournalLimits.TailBytes;
        _positionOfZero = segment.FirstPosition - (long)segment.Pointer;
        bool isNew = offset == JournalLimits.SegmentHeaderBytes;
        long ready = isNew ? JournalLimits.WindowBytes : JournalLimits.FirstWindowBytes;
        _end = Earlier(_cursor + ready, _limit);
    }

    // The memory up to _end was asked for one window ago; ask for the one after it.
    private void OpenWindow(byte* reached)
    {
        _end = Earlier(reached + JournalLimits.WindowBytes, _limit);
        byte* start = _segments.Current.Pointer;
        _segments.RequestAhead(reached - start, _end - start);
    }

    private static byte* Earlier(byte* left, byte* right) => left < right ? left : right;

    private void Pad()
    {
        JournalSegment segment = _segments.Current;
        var header = (RecordHeader*)_cursor;
        int length = -(int)(segment.Pointer + segment.Bytes - _cursor);
        header->Crc = Crc32C.OfPadding(length, Position);
        Volatile.Write(ref header->Length, length);    // R11: the next segment goes on. Read by A11.
    }
}

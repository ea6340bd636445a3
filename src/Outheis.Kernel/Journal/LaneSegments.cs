using System.Diagnostics;

namespace Outheis;

/// <summary>
/// The segments of one lane: the current one, the one held ready, the files before them. Shared by the
/// appender (TakeNext, Advance, RequestAhead), the preparer's thread (Work) and whoever makes it durable (Sync); what
/// they share is under the gate, which is never held during a call to the disk.
///
/// Next:  none --Prepare--> being prepared --> ready --Advance--> none      (none again after a failure)
/// Whoever begins a preparation finishes it; the other one waits for the outcome, or does without.
/// </summary>
internal sealed class LaneSegments : IDisposable
{
    private readonly object _gate = new();
    private readonly LaneStore _store;
    private readonly SegmentPreparer _preparer;
    private readonly List<(long Sequence, JournalSegment Segment)> _retired = [];      // gate; to keep or unmap
    private JournalSegment _current;                          // gate; written by the appender only
    private JournalSegment? _next;                            // gate
    private JournalException? _failure;                       // gate
    private bool _preparing;                                  // gate
    private bool _nextWanted;                                 // gate
    private long _populated;              // gate; pages of current up to here were asked for
    private long _populateTo;                                 // gate
    private JournalSegment? _pinned;      // gate; being made durable: it and what follows must stay mapped
    private long _unsynced;               // store's Syncing: first sequence that may not be durable
    private (long Sequence, nint Cursor) _synced;      // store's Syncing: where the lane stood before the last sync

    public LaneSegments(LaneStore store, SegmentPreparer preparer, JournalSegment current, long unsynced)
    {
        _store = store;
        _preparer = preparer;
        _current = current;
        _unsynced = unsynced;
        _preparer.Add(this);
    }

    public JournalSegment Current => _current;

    public LaneStore Store => _store;

    /// <summary>Any thread: all segments before this one are full.</summary>
    public long Newest
    {
        get
        {
            lock (_gate)
            {
                return _current.Sequence;
            }
        }
    }

    public int PayloadBytesMax => _store.PayloadBytesMax;

    /// <summary>The appender: pages are needed up to here soon, and past the middle the next segment
    /// is.</summary>
    public void RequestAhead(long reached, long windowEnd)
    {
        lock (_gate)
        {
            long end = Math.Min(windowEnd + JournalLimits.WindowBytes, _current.Bytes);
            _populated = Math.Max(_populated, reached);
            _populateTo = Math.Max(_populateTo, end);
            _nextWanted |= end >= _current.Bytes / 2 && _next is null && !_preparing;
        }

        _preparer.Signal();
    }

    /// <summary>The appender: the next segment, prepared here if it must be; or null and why.</summary>
    public JournalSegment? TakeNext(out JournalException? refusal)
    {
        lock (_gate)
        {
            while (_preparing)
            {
                Monitor.Wait(_gate);
            }

            if (_next is not null)
            {
                refusal = null;
                return _next;
            }

            _preparing = true;
        }

        Prepare();
        lock (_gate)
        {
            refusal = _failure;
            return _next;
        }
    }

    /// <summary>The appender has left the current segment for the next one.</summary>
    public void Advance()
    {
        lock (_gate)
        {
            Debug.Assert(_next is not null, "Advance without TakeNext");
            _retired.Add((_current.Sequence, _current));
            _current = _next;
            _next = null;
            _populated = _populateTo = Math.Min(2 * JournalLimits.WindowBytes, _current.Bytes);
            _nextWanted = _current.Bytes <= 2 * JournalLimits.WindowBytes;
        }

        _preparer.Signal();
    }

    /// <summary>The preparer's thread: does what was asked for. Never throws.</summary>
    public void Work()
    {
        while (TakeRetired() is { } retired)
        {
            _store.Retire(retired.Sequence, retired.Segment);
            _preparer.NoteLeft();
        }

        Populate();
        lock (_gate)
        {
            if (!_nextWanted || _preparing || _next is not null)
            {
                _nextWanted = false;
                return;
            }

            _nextWanted = false;
            _preparing = true;
        }

        Prepare();
    }

    /// <summary>Any thread: makes everything durable that was appended before the call and is not durable yet. What is
    /// appended meanwhile may be or not.</summary>
    /// <param name="lane">This one.</param>
    /// <param name="forSomebody">Who will be told.</param>
    public void Sync(JournalLane lane, bool forSomebody)
    {
        lock (_store.Syncing)
        {
            if (_store.SyncFailure is { } failure)
            {
                throw new JournalException(failure.Message, failure);      // nothing after it is believed (ES-44)
            }

            SyncWhatIsNew(lane, forSomebody);
        }
    }

    private void SyncWhatIsNew(JournalLane lane, bool forSomebody)
    {
        (long Sequence, nint Cursor) stands;
        JournalSegment current;
        lock (_gate)
        {
            current = _pinned = _current;
            stands = (current.Sequence, lane.Cursor);      // of this segment: the appender leaves it under the gate
        }

        if (forSomebody)
        {
            _store.NoteFlushed(stands.Sequence);
        }

        try
        {
            if (stands != _synced)
            {
                _store.Sync(_unsynced, current);
                (_unsynced, _synced) = (stands.Sequence, stands);
            }
        }
        catch (JournalException)
        {
            MarkSuspect();
            throw;
        }
        finally
        {
            Unpin();
        }
    }

    public void NoteClosed(int offset) => _current.Header.Closed = offset;

    /// <summary>After the preparer has stopped.</summary>
    public void Dispose()
    {
        _preparer.Remove(this);
        _current.Dispose();
        _next?.Dispose();
        while (TakeRetired() is { } retired)
        {
            retired.Segment.Dispose();
        }

        _store.Dispose();
    }

    private void Prepare()
    {
        JournalSegment? prepared = null;
        JournalException? failure = null;
        try
        {
            long nextPosition = _current.FirstPosition + _current.Bytes;
            prepared = _store.Prepare(_current.Sequence + 1, nextPosition, _current.Sequence);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            failure = error as JournalException ?? new JournalException(
                $"The journal could not prepare segment {_current.Sequence + 1} in {_store.Directory}: "
                + $"{error.Message.TrimEnd('.')}. Free space or check the disk; appending goes on when it can.", error);
        }

        if (_store.SyncFailure is not null)
        {
            MarkSuspect();
        }

        lock (_gate)
        {
            _next = prepared;
            _failure = failure;
            _preparing = false;
            Monitor.PulseAll(_gate);
        }
    }

    // The system forgets the failure and the pages (ES-44). The store does not, and neither does who opens the lane
    // after this process was killed. Under the gate the current segment stays mapped.
    private void MarkSuspect()
    {
        lock (_gate)
        {
            _current.Header.SyncFailed = 1;
        }
    }

    // The appender may leave the segment meanwhile, but only this thread, or Dispose after it, unmaps.
    private void Populate()
    {
        JournalSegment segment;
        long from, to;
        lock (_gate)
        {
            segment = _current;
            (from, to) = (_populated, _populateTo);
            _populated = Math.Max(from, to);
        }

        from &= -JournalLimits.SegmentGrain;
        if (from < to)
        {
            _store.Disk.Populate(segment.Mapping, from, to - from);
        }
    }

    private void Unpin()
    {
        bool left;
        lock (_gate)
        {
            left = !ReferenceEquals(_pinned, _current);
            _pinned = null;
        }

        if (left)
        {
            _preparer.Signal();      // it was retired meanwhile
        }
    }

    private (long Sequence, JournalSegment Segment)? TakeRetired()
    {
        lock (_gate)
        {
            if (_retired.Count == 0 || ReferenceEquals(_retired[0].Segment, _pinned))
            {
                return null;
            }

            (long, JournalSegment) first = _retired[0];
            _retired.RemoveAt(0);
            return first;
        }
    }
}

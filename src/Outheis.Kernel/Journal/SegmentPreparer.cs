namespace Outheis;

/// <summary>
/// One background worker for all lanes of a directory: makes segments and pages ready before the appenders
/// come to them, unmaps what they left.
/// </summary>
internal sealed class SegmentPreparer : IDisposable
{
    private readonly IWorker _worker;
    private readonly Lock _gate = new();
    private readonly List<LaneSegments> _lanes = [];     // gate

    public SegmentPreparer(HostThreads threads) => _worker = threads.StartWorker("outheis journal", Work);

    public void Add(LaneSegments lane)
    {
        lock (_gate)
        {
            _lanes.Add(lane);
        }
    }

    public void Remove(LaneSegments lane)
    {
        lock (_gate)
        {
            _lanes.Remove(lane);
        }
    }

    /// <summary>Who hears of segments that were left, if anybody. Before the first one is.</summary>
    public Action? WhenLeft { get; set; }

    /// <summary>The worker: a segment was left, so it is full.</summary>
    public void NoteLeft() => WhenLeft?.Invoke();

    /// <summary>Any appender: there is something to do.</summary>
    public void Signal() => _worker.Signal();

    /// <summary>Returns when it has finished what it was at. Appenders go on without it.</summary>
    public void Dispose() => _worker.Dispose();

    private void Work()
    {
        LaneSegments[] lanes;
        lock (_gate)
        {
            lanes = [.. _lanes];
        }

        foreach (LaneSegments lane in lanes)
        {
            lane.Work();
        }
    }
}

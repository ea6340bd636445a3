namespace Outheis;

/// <summary>
/// One background thread for all lanes of a directory: makes segments and pages ready before the appenders
/// come to them, unmaps what they left. Begins with the first signal, so a short run never has it.
/// </summary>
internal sealed class SegmentPreparer : IDisposable
{
    private readonly AutoResetEvent _signal = new(false);
    private readonly Lock _gate = new();
    private readonly List<LaneSegments> _lanes = [];     // gate
    private Thread? _thread;                             // gate to create it
    private bool _stopping;

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

    /// <summary>Any appender: there is something to do.</summary>
    public void Signal()
    {
        if (Volatile.Read(ref _thread) is null)      // A13: pairs with R13 in Begin
        {
            Begin();
        }

        _signal.Set();
    }

    /// <summary>Returns when the thread has finished what it was at. Appenders go on without it.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopping, true);       // R12: read by A12 after the signal
        _signal.Set();
        lock (_gate)
        {
            if (_thread is null)
            {
                return;
            }
        }

        _thread.Join();
    }

    public void Dispose()
    {
        Stop();
        _signal.Dispose();
    }

    private void Begin()
    {
        lock (_gate)
        {
            if (_thread is null && !_stopping)
            {
                var thread = new Thread(Run) { IsBackground = true, Name = "outheis journal" };
                thread.Start();
                Volatile.Write(ref _thread, thread);      // R13: started. Read by A13.
            }
        }
    }

    private void Run()
    {
        while (true)
        {
            _signal.WaitOne();
            if (Volatile.Read(ref _stopping))      // A12: pairs with R12 in Stop
            {
                return;
            }

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
}

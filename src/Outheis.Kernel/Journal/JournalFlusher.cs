namespace Outheis;

/// <summary>
/// Group commit: one thread makes all lanes durable for everybody who waits, once for all who came meanwhile. Who is in
/// the queue when a flush begins has written before, and so has whoever caused that: all of it is in the files that the
/// flush then takes to the disk. Agents are told by this thread, in the order in which they came; who is outside of the
/// cores is told on the pool, while the next flush goes on.
///
/// After the first failure nothing is durable any more (ES-44): everybody whom it was for, and everybody later, hears
/// of that one failure, and no further flush is tried.
/// </summary>
internal sealed class JournalFlusher
{
    private readonly JournalLane[] _lanes;
    private readonly IWorker _worker;
    private readonly HostThreads _threads;
    private readonly Action<JournalException> _failed;
    private readonly Lock _gate = new();
    private readonly HashSet<FlushGuest> _guests = [];      // gate; who must hear of the end, too
    private ControlQueue _waiting;
    private ControlQueue _waitingOutside;
    private Telling? _spare;                // not in use; any thread
    private JournalException? _failure;
    private JournalException? _ending;      // gate; what guests are told after the end; null: all is durable
    private bool _hasEnded;                 // gate
    private long _flushes;

    /// <param name="lanes">All lanes of the run.</param>
    /// <param name="threads">Where the flushing thread comes from; it begins with the first waiter.</param>
    /// <param name="failed">Hears of the failure, once, on the flushing thread, before the waiters do.</param>
    public JournalFlusher(JournalLane[] lanes, HostThreads threads, Action<JournalException> failed)
    {
        _lanes = lanes;
        _failed = failed;
        _threads = threads;
        _worker = threads.StartWorker("outheis flush", Work);
    }

    /// <summary>Why nothing can be made durable any more; null while it can. Any thread.</summary>
    public JournalException? Failure => Volatile.Read(ref _failure);      // A33: seeing R33 means the message

    /// <summary>Flushes so far. Any thread.</summary>
    public long Flushes => Volatile.Read(ref _flushes);

    /// <summary>Any thread: completes the waiter when everything written so far is durable.</summary>
    public void Add(FlushWaiter waiter)
    {
        ref ControlQueue queue = ref waiter is FlushGuest ? ref _waitingOutside : ref _waiting;
        queue.Push(waiter);
        _worker.Signal();
    }

    /// <summary>Any thread: somebody from outside the cores comes, who is to hear of the kernel's end wherever its wish
    /// is by then. After the end it is told at once.</summary>
    public bool TryAdmit(FlushGuest guest, out JournalException? ending)
    {
        lock (_gate)
        {
            ending = _ending;
            return !_hasEnded && _guests.Add(guest);
        }
    }

    /// <summary>Ends the flushing; returns when the flush under way is over.</summary>
    public void Stop() => _worker.Dispose();

    /// <summary>After <see cref="Stop"/>, when the lanes were closed or given up: every guest whom no flush was for is
    /// told. The others hear, or have heard, what became of their flush.</summary>
    /// <param name="failure">Null: everything is durable.</param>
    public void End(JournalException? failure)
    {
        FlushGuest[] guests;
        lock (_gate)
        {
            (_hasEnded, _ending) = (true, _failure ?? failure);
            guests = [.. _guests];
            _guests.Clear();
        }

        Array.ForEach(guests, guest => guest.TellEnd(_ending));
    }

    private void Work()
    {
        KernelOp? agents = _waiting.TakeAll();
        KernelOp? guests = _waitingOutside.TakeAll();
        if (agents is null && guests is null)
        {
            return;
        }

        if (_failure is null)
        {
            Flush();
        }

        if (guests is not null)
        {
            Dismiss(guests);
            Telling telling = Interlocked.Exchange(ref _spare, null) ?? new Telling(this);      // A36: pairs with R36
            telling.Begin(guests, _failure);
        }

        Tell(agents, _failure);
    }

    // Whatever becomes of the kernel, they will hear what became of this flush.
    private void Dismiss(KernelOp? first)
    {
        lock (_gate)
        {
            for (KernelOp? guest = first; guest is not null; guest = guest.NextOp)
            {
                _guests.Remove((FlushGuest)guest);
            }
        }
    }

    private static void Tell(KernelOp? first, JournalException? failure)
    {
        for (KernelOp? waiter = first, next; waiter is not null; waiter = next)
        {
            next = waiter.NextOp;
            waiter.NextOp = null;
            ((FlushWaiter)waiter).Complete(failure);
        }
    }

    private void Flush()
    {
        try
        {
            foreach (JournalLane lane in _lanes)
            {
                lane.Sync();
            }

            Volatile.Write(ref _flushes, _flushes + 1);
        }
        catch (JournalException failure)
        {
            Volatile.Write(ref _failure, failure);      // R33. Read by A33.
            _failed(failure);
        }
    }

    /// <summary>Tells those outside that one flush was for.</summary>
    private sealed class Telling(JournalFlusher flusher) : IThreadPoolWorkItem
    {
        private KernelOp? _guests;
        private JournalException? _failure;

        public void Begin(KernelOp guests, JournalException? failure)
        {
            (_guests, _failure) = (guests, failure);
            flusher._threads.Queue(this);
        }

        public void Execute()
        {
            Tell(_guests, _failure);
            (_guests, _failure) = (null, null);
            Volatile.Write(ref flusher._spare, this);      // R36: is done with its fields. Read by A36.
        }
    }
}

/// <summary>Somebody who waits until what was written is durable.</summary>
internal abstract class FlushWaiter : KernelOp
{
    /// <summary>Must be short. The flushing thread; of a guest, one of the pool.</summary>
    /// <param name="failure">Null: durable. Else it is unknown what is.</param>
    public abstract void Complete(JournalException? failure);
}

/// <summary>One from outside the cores: hears of the kernel's end wherever its wish is by then.</summary>
internal abstract class FlushGuest : FlushWaiter
{
    /// <summary>Instead of <see cref="FlushWaiter.Complete"/>: the kernel ended before a flush was for it. It may be in
    /// a core's hands, or the flusher's, for ever.</summary>
    public abstract void TellEnd(JournalException? failure);
}

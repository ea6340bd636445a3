using System.Threading.Tasks.Sources;

namespace Outheis;

/// <summary>Asks of threads outside the kernel that wait for a reply. Any thread; the lock is for slots,
/// never for replies.</summary>
internal sealed class HostAsks
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private HostAsk[] _asks = new HostAsk[64];
    private HostAsk?[] _free = new HostAsk?[16];      // by reply type, linked by NextFree
    private int _count;
    // 1: the timer is on; set by who begins an ask, cleared by a sweep
    private int _isSweeping;

    public HostAsks(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(
            static state => ((HostAsks)state!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public HostAsk<TReply>? Rent<TReply>(AgentCell callee, TimeSpan timeout, Inflow? stream = null)
    {
        int type = ReplyType<TReply>.Index;
        HostAsk<TReply> ask;
        lock (_lock)
        {
            if (type < _free.Length && _free[type] is { } free)
            {
                ask = (HostAsk<TReply>)free;
                _free[type] = free.NextFree;
            }
            else if (_count < Limits.RepliesPerCore)
            {
                ask = new HostAsk<TReply>(this, _count);
                Add(ask);
            }
            else
            {
                return null;
            }
        }

        (ask.Callee, ask.Stream) = (callee, stream);
        ask.Deadline = ReplyTable.DeadlineAfter(_time, timeout);
        ask.Begin();
        if (Volatile.Read(ref _isSweeping) == 0 && Interlocked.Exchange(ref _isSweeping, 1) == 0)
        {
            _timer.Change(Limits.SweepPeriod, Limits.SweepPeriod);
        }

        return ask;
    }

    public void Return(HostAsk ask)
    {
        lock (_lock)
        {
            int type = ask.TypeIndex;
            if (type >= _free.Length)
            {
                Array.Resize(ref _free, Math.Max(type + 1, _free.Length * 2));
            }

            ask.NextFree = _free[type];
            _free[type] = ask;
        }
    }

    /// <summary>Takes back an ask that was never sent.</summary>
    public void Withdraw(HostAsk ask, uint generation)
    {
        if (ask.TryEnd(generation))
        {
            ask.Discard();
            Return(ask);
        }

        // Else a sweep or a stop is completing it at this moment: that slot is left to it, outside the pool.
    }

    public bool Complete<TReply>(ulong correlation, in TReply reply)
    {
        if (Find(correlation) is not HostAsk<TReply> ask || !ask.TryEnd(Outheis.Correlation.Generation(correlation)))
        {
            return false;
        }

        ask.Complete(in reply);
        return true;
    }

    /// <summary>An item of a stream has come; its consumer may have gone.</summary>
    public void Add<TItem>(ulong correlation, in TItem item)
    {
        if (Find(correlation)?.Stream is Inflow<TItem> stream)
        {
            stream.Add(correlation, in item);      // looks once more whether it is this one's
        }
    }

    public bool Fail(ulong correlation, AskOutcome outcome, Exception? cause)
    {
        if (Find(correlation) is not { } ask || !ask.TryEnd(Outheis.Correlation.Generation(correlation)))
        {
            return false;
        }

        ask.Fail(outcome, cause);
        return true;
    }

    /// <summary>Ends an ask and tells the callee that nobody waits any more.</summary>
    public void Abandon(HostAsk ask, ulong correlation, AskOutcome outcome)
    {
        AgentCell callee = ask.Callee!;
        if (Fail(correlation, outcome, null))
        {
            callee.Core.Post(new CancelAnswerOp(callee, correlation));
        }
    }

    public bool IsCurrent(ulong correlation) =>
        Find(correlation) is { } ask && ask.Generation == Outheis.Correlation.Generation(correlation) && ask.IsPending;

    /// <summary>The kernel stopped: no reply will come.</summary>
    public void FailAll()
    {
        for (int i = 0; i < Volatile.Read(ref _count); i++)
        {
            HostAsk ask = Volatile.Read(ref _asks)[i];
            Fail(ask.Correlation, AskOutcome.Dead, null);
        }
    }

    private HostAsk? Find(ulong correlation)
    {
        int index = Outheis.Correlation.Slot(correlation);
        HostAsk[] asks = Volatile.Read(ref _asks);      // A31
        return index < asks.Length ? asks[index] : null;
    }

    private void Add(HostAsk ask)
    {
        if (_count == _asks.Length)
        {
            var longer = new HostAsk[_asks.Length * 2];
            _asks.CopyTo(longer, 0);
            Volatile.Write(ref _asks, longer);      // R31: filled before it is found. Read by A31.
        }

        _asks[_count] = ask;
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>The timer: ends the asks whose time is over; turns itself off when none is under
    /// way.</summary>
    private void Sweep()
    {
        if (EndOverdue())
        {
            return;
        }

        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Interlocked.Exchange(ref _isSweeping, 0);      // F7: off BEFORE the last look. Pairs with F8 in Rent.
        if (EndOverdue() && Interlocked.Exchange(ref _isSweeping, 1) == 0)
        {
            _timer.Change(Limits.SweepPeriod, Limits.SweepPeriod);
        }
    }

    /// <summary>Returns whether an ask is still under way.</summary>
    private bool EndOverdue()
    {
        bool pending = false;
        long now = _time.GetTimestamp();
        for (int i = 0; i < Volatile.Read(ref _count); i++)
        {
            HostAsk ask = Volatile.Read(ref _asks)[i];
            ulong correlation = ask.Correlation;
            if (!ask.IsPending)
            {
                continue;
            }

            if (Volatile.Read(ref ask.Deadline) <= now && ask.Correlation == correlation)
            {
                Abandon(ask, correlation, AskOutcome.TimedOut);
            }
            else
            {
                pending = true;
            }
        }

        return pending;
    }

    private sealed class CancelAnswerOp(AgentCell callee, ulong correlation) : AgentOp(callee)
    {
        protected override void RunAtHome(Core core)
        {
            core.Tap?.RecordGaveUp(Agent, correlation);
            Core.NoteWithdrawn(Agent, correlation);
        }
    }
}

/// <summary>
/// Where one ask of the host waits. Recycled; each use has the next generation. Reply, timeout and
/// cancellation race to end it, and the one that moves the generation on wins (LW-45, INV-07).
/// </summary>
internal abstract class HostAsk(HostAsks asks, int index)
{
    private const uint PendingBit = 1;      // generations are even at rest, odd while an ask waits

    public HostAsk? NextFree;
    public AgentCell? Callee;
    public Inflow? Stream;                  // what comes before the reply goes there
    public long Deadline;
    protected readonly HostAsks Asks = asks;
    protected CancellationToken Token;
    private CancellationTokenRegistration _registration;
    private uint _generation;

    public abstract int TypeIndex { get; }

    public abstract short Version { get; }

    public uint Generation => Volatile.Read(ref _generation);

    public bool IsPending => (Generation & PendingBit) != 0;

    public ulong Correlation => Outheis.Correlation.Of(Outheis.Correlation.HostTable, index, Generation);

    // F8: pending BEFORE the look at the timer. Pairs with F7.
    public void Begin() => Interlocked.Increment(ref _generation);

    public bool TryEnd(uint generation) =>
        (generation & PendingBit) != 0
        && Interlocked.CompareExchange(ref _generation, generation + 1, generation) == generation;

    public void CancelWith(ulong correlation, CancellationToken token)
    {
        if (token.CanBeCanceled)
        {
            Token = token;
            _registration = token.UnsafeRegister(
                static (state, _) =>
                {
                    (HostAsk ask, ulong of) = ((HostAsk, ulong))state!;
                    ask.Asks.Abandon(ask, of, AskOutcome.Cancelled);
                },
                (this, correlation));
        }
    }

    public abstract void Fail(AskOutcome outcome, Exception? cause);

    /// <summary>Forgets an ask that was never sent.</summary>
    public abstract void Discard();

    protected void Release()
    {
        _registration.Dispose();
        (_registration, Token, Callee, Stream) = (default, default, null, null);
    }

    // Nobody reads the result here, so the place is free once the stream knows.
    protected void EndStream(Inflow stream, AskOutcome outcome, Exception? cause)
    {
        Release();
        stream.End(outcome, cause);
        Asks.Return(this);
    }
}

internal sealed class HostAsk<TReply>(HostAsks asks, int index)
    : HostAsk(asks, index), IValueTaskSource<TReply>, IAwaitsFlush
{
    private static readonly long SpinTicks =
        Environment.ProcessorCount == 1 ? 0 : (long)(
            Limits.HostAskSpin.TotalSeconds * System.Diagnostics.Stopwatch.Frequency);

    private ManualResetValueTaskSourceCore<TReply> _core = new() { RunContinuationsAsynchronously = true };
    private TReply _reply = default!;      // until it is durable

    public override int TypeIndex => ReplyType<TReply>.Index;

    public override short Version => _core.Version;

    /// <summary>Looks for a quick reply before the caller goes to the trouble of awaiting.</summary>
    public void SpinForReply()
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        short version = _core.Version;
        for (int looks = 1; _core.GetStatus(version) == ValueTaskSourceStatus.Pending; looks++)
        {
            if (looks % 16 == 0 && System.Diagnostics.Stopwatch.GetTimestamp() - start >= SpinTicks)
            {
                return;
            }

            Thread.SpinWait(1);
        }
    }

    /// <summary>The callee's core. In a durable kernel the asker hears of it when the disk has it, and with it what led
    /// to it.</summary>
    public void Complete(in TReply reply)
    {
        if (Callee!.Kernel.MustFlush(null))
        {
            _reply = reply;
            HostFlush.StartWritten(Callee.Kernel, this);
        }
        else
        {
            Tell(reply, failure: null);
        }
    }

    void IAwaitsFlush.Flushed(JournalException? failure)
    {
        TReply reply = _reply;
        _reply = default!;
        Tell(reply, failure);
    }

    private void Tell(in TReply reply, JournalException? failure)
    {
        if (Stream is { } stream)
        {
            EndStream(stream, failure is null ? AskOutcome.Replied : AskOutcome.NotDurable, failure);
        }
        else if (failure is null)
        {
            _core.SetResult(reply);
        }
        else
        {
            _core.SetException(failure);
        }
    }

    public override void Fail(AskOutcome outcome, Exception? cause)
    {
        if (Stream is { } stream)
        {
            EndStream(stream, outcome, cause);
            return;
        }

        _core.SetException(outcome == AskOutcome.Cancelled
            ? new OperationCanceledException(Token)
            : new AskException(outcome, Callee?.Name ?? "The callee", cause));
    }

    public override void Discard()
    {
        Release();
        _core.Reset();
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    public TReply GetResult(short token)
    {
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)      // throws by itself when the token is stale
        {
            throw new InvalidOperationException("Await an ask exactly once, and read it only when it is done.");
        }

        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            Release();
            _core.Reset();
            Asks.Return(this);
        }
    }
}

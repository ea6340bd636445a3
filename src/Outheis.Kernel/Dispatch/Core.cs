using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// One scheduler, owned by one thread: its agents, their messages, the rings to and from its peers.
/// Everything here is touched by that thread alone; what others reach is in <see cref="CoreFace"/> (LW-01). A core
/// is a duty cycle: <see cref="RunPass"/> does a bounded amount of work and says how much; whoever drives the core
/// decides when to idle.
/// </summary>
internal sealed unsafe partial class Core : CoreFace
{
    [ThreadStatic]
    private static Core? t_current;

    private readonly Message* _root;          // what an agent "handles" outside any message: no sender, no cause
    private readonly Message* _resumed;       // the message of an asynchronous turn while that turn runs on
    private readonly Inbox[] _outbox;         // per peer: signals and replies that found the ring full
    private readonly List<Waiter> _retries = [];
    private KernelOp? _ops;                     // taken from Control, not run yet
    private List<KernelOp> _deferred = [];      // ops that wait for arrivals; run again in each pass
    private List<KernelOp> _due = [];           // those of this pass
    private readonly long _tickPeriod;
    private readonly long _sweepPeriod;
    private ReadyQueue _ready;
    private PeerRounds _drains;
    private PeerRounds _flushes;
    private PeerRounds _fanOuts;
    private int _outboxCount;
    private int _busyPasses;
    private long _nextTick;
    private long _nextSweep;
    private ulong _random;
    private uint _lastChain;
    private long _turnTime;
    private ExecutionContext? _ambient;         // of its threads; what an agent has put there ends with its turn

    public Core(Kernel kernel, int index, int cores, JournalTap? tap)
        : base(kernel, index, cores)
    {
        Tap = tap;
        Time = kernel.Options.Time;
        _outbox = new Inbox[cores];
        _drains = new PeerRounds(index, cores);
        _flushes = new PeerRounds(index, cores);
        _fanOuts = new PeerRounds(index, cores);
        _root = (Message*)NativeMemory.AlignedAlloc(2 * Limits.CellBytes, Limits.CellBytes);
        NativeMemory.Clear(_root, 2 * Limits.CellBytes);
        _resumed = _root + 1;
        _ready = new ReadyQueue(kernel.Options.FairShare);
        _births = new Births(kernel.Options.FairShare);
        _leftAsleep = new bool[cores];
        Current = _root;
        _tickPeriod = (long)(Limits.TickPeriod.TotalSeconds * Time.TimestampFrequency);
        _sweepPeriod = (long)(Limits.SweepPeriod.TotalSeconds * Time.TimestampFrequency);
        _random = kernel.Options.Seed * 0x9E3779B97F4A7C15 + (ulong)index + 1;
        Now = Time.GetTimestamp();
        Timers = new CoreTimers(this);
        Offloads = new CoreOffloads(this);
        Seat = new CoreSeat(this);
        Deadlock = new Deadlock();
    }

    public readonly CellSlab Cells = new();
    public readonly JournalTap? Tap;
    public readonly TimeProvider Time;
    public readonly CoreTimers Timers;
    public readonly CoreOffloads Offloads;
    public readonly Deadlock Deadlock;
    public CoreCounters Counters;

    /// <summary>The message being handled; the root message outside any.</summary>
    public Message* Current;

    public ref readonly Message Handling => ref *Current;

    /// <summary>Whether the asker of the request being handled has given up.</summary>
    public bool IsCurrentAbandoned =>
        Replay is null && Current->IsAsk && IsAbandoned(Current->Correlation);

    /// <summary>The agent whose turn it is, if any.</summary>
    public AgentCell? Running;

    /// <summary>Recorded messages are being handled once more; null but for that.</summary>
    public Replaying? Replay;

    /// <summary>So that each has a key of its own.</summary>
    public ulong EffectsWithoutPosition;

    /// <summary>Monotonic time as of this pass, in the kernel clock's ticks.</summary>
    public long Now;

    /// <summary>Replies to asks of the host: somebody waits for what this core does.</summary>
    public long HostReplies;

    /// <summary>Agents whose asynchronous turn awaits something.</summary>
    public int WaitingAgents;

    /// <summary>The core whose thread this is, if it is one.</summary>
    public static Core? OfThisThread => t_current;

    /// <summary>The thread becomes this core's.</summary>
    public void Enter()
    {
        t_current = this;
        _ambient = ExecutionContext.Capture();
    }

    public static void Leave() => t_current = null;

    /// <summary>
    /// One bounded pass: control, arrivals, then up to <see cref="Limits.TurnsPerPass"/> turns (INV-05), fewer
    /// of low classes, and after one of those no more if something urgent has come; after each of them no more if there
    /// is control, but always one. Returns how much was done; 0 means there is nothing to do now.
    /// </summary>
    public int RunPass()
    {
        Counters.Passes++;
        int done = RunControl();
        foreach (int peer in _drains.Next())
        {
            done += DrainRing(In[peer]!, peer, Limits.ArrivalsPerPass);
        }

        done += DrainIngress();
        done += _outboxCount == 0 ? 0 : FlushOutbox();
        done += _retries.Count == 0 ? 0 : RunRetries();
        for (int turns = 0, counts;
            turns < Limits.TurnsPerPass && (turns == 0 || Control.IsEmpty) && (counts = RunNext()) > 0;)
        {
            turns += counts;
            done++;
            if (counts == LowTurnCounts && HasUrgentArrivals())
            {
                break;      // what is urgent does not wait for low classes
            }
        }

        if (done == 0 || ++_busyPasses >= Limits.ClockPasses)
        {
            done += LookAtClock();
        }

        if (_passives > 0)
        {
            AnnouncePassives(isIdle: done == 0);
        }

        if (done == 0)
        {
            Tap?.Flush();
        }

        return done;
    }

    /// <summary>Nothing to do and nothing awaited. The core's thread, between turns.</summary>
    public bool IsQuiet =>
        !HasWork() && Ingress.Peek() == null && _outboxCount == 0 && _retries.Count == 0 && WaitingAgents == 0
        && DetachedTurns == 0 && Offloads.IsQuiet && !HasThrottled && !HasMoves;

    /// <summary>Puts an idle agent that has something to do into the ready queue.</summary>
    public void MakeReady(AgentCell agent)
    {
        agent.State = AgentState.Ready;
        _ready.Put(agent);
    }

    /// <summary>Puts a message of this core's own into an agent's inbox.</summary>
    public void Put(AgentCell agent, Message* message)
    {
        if (message->IsAsk)
        {
            NoteAsk(agent, message);
        }

        agent.Inbox.Put(message);
        if (agent.State == AgentState.Idle || MayBeginNow(agent))
        {
            MakeReady(agent);
        }
    }

    /// <summary>A number for a new conversation, which begins on this core.</summary>
    public uint NextChain() => ++_lastChain << 8 | (uint)Index;

    /// <summary>A number for the agent whose turn it is.</summary>
    public ulong NextRandom()
    {
        if (Replay?.Random() is { } recorded)
        {
            return recorded;
        }

        ulong number = DrawRandom();
        NoteObserved(ObservedRecord.Random, (long)number);
        return number;
    }

    public void NoteObserved(byte what, long value)
    {
        if (Running is not null && IsRecorded(Running))
        {
            Tap?.RecordObserved(Running, Current->Position, what, value);
        }
    }

    // Whether the journal has to tell what this agent was told: it may be told so again.
    private bool IsRecorded(AgentCell agent) => agent.Durable is not null || Kernel.Options.RecordInputs;

    // Splitmix64 over the kernel's seed.
    private ulong DrawRandom()
    {
        ulong z = _random += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>An agent starts: the time of another one's turn is not its own.</summary>
    public void ForgetTurnTime() => _turnTime = 0;

    /// <summary>Wall time of this turn, read when first asked for.</summary>
    public DateTimeOffset TurnTime()
    {
        if (Replay?.Clock() is { } recorded)
        {
            return new DateTimeOffset(recorded, TimeSpan.Zero);
        }

        if (_turnTime == 0)
        {
            _turnTime = Time.GetUtcNow().UtcTicks;
            NoteObserved(ObservedRecord.Clock, _turnTime);
        }

        return new DateTimeOffset(_turnTime, TimeSpan.Zero);
    }

    /// <summary>Since the kernel started, as of now.</summary>
    public TimeSpan Uptime()
    {
        if (Replay?.Uptime() is { } recorded)
        {
            return recorded;
        }

        TimeSpan uptime = Time.GetElapsedTime(Kernel.Started);
        NoteObserved(ObservedRecord.Uptime, uptime.Ticks);
        return uptime;
    }

    /// <summary>One of this core's agents ends, or goes.</summary>
    public void RemoveReady(AgentCell agent) => _ready.Remove(agent);

    public void AddRetry(Waiter waiter) => _retries.Add(waiter);

    /// <summary>Passes on a supervisor's decision. False if the agent does not supervise that
    /// child.</summary>
    public bool Supervise(AgentCell self, AgentId child, bool restart)
    {
        byte verdict = restart ? SupervisedRecord.Restart : SupervisedRecord.Stop;
        if (Replay?.Supervised(child, verdict) is { } recorded)
        {
            return recorded;
        }

        AgentCell? cell = Kernel.Agents.Find(child.Value);
        bool isTaken = cell?.Supervisor is { } supervisor && supervisor.Id == self.Id;
        Tap?.RecordSupervised(self, Current->Position, child, new SupervisedRecord(verdict, isTaken));
        if (isTaken)
        {
            cell!.Core.Post(new LifecycleOp(cell, restart));
        }

        return isTaken;
    }

    /// <summary>Frees what this core's thread alone touched; it has ended. The ingress frees itself: outside threads
    /// may be about to look at it.</summary>
    public override void Dispose()
    {
        Cells.Dispose();
        foreach (CoreRing? ring in In)
        {
            ring?.Dispose();
        }

        NativeMemory.AlignedFree(_root);
    }

    /// <summary>Runs an op again in the next pass, without keeping the core awake for it.</summary>
    public void Defer(KernelOp op) => _deferred.Add(op);

    private int RunControl()
    {
        int done = _deferred.Count == 0 || _due.Count > 0 ? 0 : RunDeferred();
        _ops ??= Control.TakeAll();
        while (_ops is { } op)
        {
            (_ops, op.NextOp) = (op.NextOp, null);
            op.Run(this);      // that of an agent that starts may be detached in it: the others go on without it
            done++;
        }

        return done;
    }

    private int RunDeferred()
    {
        (_deferred, _due) = (_due, _deferred);
        foreach (KernelOp op in _due)
        {
            op.Run(this);
        }

        int done = Math.Max(0, _due.Count - _deferred.Count);
        _due.Clear();
        return done;
    }

    private int RunRetries()
    {
        int before = _retries.Count;
        Waiter[] waiters = [.. _retries];
        _retries.Clear();
        foreach (Waiter waiter in waiters)
        {
            waiter.Run(this);
        }

        return Math.Max(0, before - _retries.Count);
    }

    /// <summary>Does what is due. The core's thread, between turns.</summary>
    public int LookAtClock()
    {
        _busyPasses = 0;
        Now = Time.GetTimestamp();
        if (Tap is not null && Now >= _nextTick)
        {
            _nextTick = Now + _tickPeriod;
            Tap.TickDue = true;
        }

        int done = (Timers.Count == 0 ? 0 : Timers.Run(Now)) + (Offloads.HasHeld ? Offloads.PutBack() : 0)
            + (_throttled.Count == 0 ? 0 : ReleaseThrottled());
        if (Now < _nextSweep || Replies.Pending == 0)
        {
            return done;
        }

        _nextSweep = Now + _sweepPeriod;
        return done + Replies.Sweep(Now);
    }
}

namespace Outheis;

/// <summary>
/// What an agent may do during one synchronous turn. Lives on the stack and ends with the turn: it cannot be
/// stored, captured or awaited across.
/// </summary>
public readonly unsafe ref partial struct Context
{
    private readonly Core _core;
    private readonly AgentCell _self;
    private readonly Message* _message;

    internal Context(Core core, AgentCell self)
    {
        _core = core;
        _self = self;
        _message = core.Current;
    }

    /// <summary>This agent.</summary>
    public AgentId Self => _self.Id;

    /// <summary>Which incarnation this is; the first is 1.</summary>
    public uint Incarnation => _self.Incarnation;

    /// <summary>Who sent the message being handled, set by the kernel from the capability used.</summary>
    public AgentId Sender => new(_message->Sender);

    /// <summary>The badge of the capability that the message came through; 0 if it has none
    /// (SE-07).</summary>
    public ulong Badge => _message->Badge;

    /// <summary>Where the message being handled is in the journal; 0 without a journal.</summary>
    public long Position => _message->Position;

    /// <summary>Whether an earlier process accepted the message and did not handle it, or a handler threw with it: it
    /// is delivered again.</summary>
    public bool IsRedelivered => _message->Has(MessageFlags.Redelivered);

    /// <summary>Wall time, read once per turn.</summary>
    public DateTimeOffset UtcNow
    {
        get
        {
            using KernelCall call = _core.Call();
            return _core.TurnTime();
        }
    }

    /// <summary>Monotonic time since the kernel started, on the kernel's clock, read now.</summary>
    public TimeSpan Uptime
    {
        get
        {
            using KernelCall call = _core.Call();
            return _core.Uptime();
        }
    }

    /// <summary>Whether the asker of the request being answered has given up.</summary>
    public bool IsCancellationRequested
    {
        get
        {
            using KernelCall call = _core.Call();
            return _core.IsCurrentAbandoned;
        }
    }

    /// <summary>Whether this core has something else to do: somebody is ready, or something has come in. A handler that
    /// computes for long asks now and then; an asynchronous one awaits <see cref="AgentContext.Yield"/>, a synchronous
    /// one sends itself what is left to do.</summary>
    /// <remarks>Cost: a look at each ring. Says how to work, not what to do: a replay, in which it is false, must come
    /// to the same.</remarks>
    public bool ShouldYield
    {
        get
        {
            using KernelCall call = _core.Call();
            return _core.ShouldYield;
        }
    }

    /// <summary>A number from this core's seeded generator.</summary>
    public ulong NextRandom()
    {
        using KernelCall call = _core.Call();
        return _core.NextRandom();
    }

    /// <summary>Sends one message. Never blocks, never allocates for unmanaged structs.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="to">A capability of this agent with <see cref="Rights.Send"/>.</param>
    /// <param name="message">Copied before return; an object goes by reference and must not change
    /// afterwards.</param>
    /// <returns><see cref="SendResult.Sent"/>, or why nothing was written.</returns>
    /// <remarks>Order: first in, first out per sender and target. Cost: on the own core one journal append
    /// and one link; to another core one slot of the ring between them, and a wake only if that core
    /// sleeps.</remarks>
    public SendResult Send<T>(Capability<T> to, in T message)
    {
        Interference.At(Moment.EffectBegins);
        int was = _core.EnterKernel();
        SendResult sent = _core.Send(_self, to.Node, in message);
        if (sent != SendResult.Sent)
        {
            _core.NoteRefused(_self, sent);
        }

        _core.LeaveKernel(was);
        Interference.At(Moment.EffectDone);
        return sent;
    }

    /// <summary>
    /// Derives a capability for another holder from one held here (SE-21). Send it in a message; it works for
    /// <paramref name="holder"/> alone.
    /// </summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="from">A capability of this agent with <see cref="Rights.Grant"/>.</param>
    /// <param name="holder">Who may use it.</param>
    /// <param name="rights">Cut down to those of <paramref name="from"/>.</param>
    /// <param name="badge">Marks what comes through it; only where <paramref name="from"/> has none.</param>
    /// <param name="derived">The new capability, or an empty one.</param>
    public DeriveResult Derive<T>(
        Capability<T> from, AgentId holder, Rights rights, ulong badge, out Capability<T> derived)
    {
        Interference.At(Moment.EffectBegins);
        int was = _core.EnterKernel();
        DeriveResult result = _core.Derive(_self, from.Node, holder, rights, badge, out CapabilityNode? node);
        _core.LeaveKernel(was);
        Interference.At(Moment.EffectDone);
        derived = new Capability<T>(node);
        return result;
    }

    /// <summary>
    /// Revokes everything that was derived from a capability held here, at once and without waiting for sends
    /// already under way on other cores (SE-24). The capability itself stays.
    /// </summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="from">A capability of this agent with <see cref="Rights.Grant"/>.</param>
    public void RevokeDerived<T>(Capability<T> from)
    {
        Interference.At(Moment.EffectBegins);
        int was = _core.EnterKernel();
        _core.RevokeDerived(_self, from.Node);
        _core.LeaveKernel(was);
        Interference.At(Moment.EffectDone);
    }

    /// <summary>Makes an agent. It is constructed here, in this turn, and starts on its core when the turn is over; on
    /// another core perhaps before.</summary>
    /// <typeparam name="TSeed">What the factory is told.</typeparam>
    /// <param name="by">A right of this agent, from its <see cref="Endowment"/>.</param>
    /// <param name="seed">Given to the factory, and again at each restart: kept, if the agent has a supervisor.</param>
    /// <param name="child">The new agent, or none. Means nothing in a later run: a durable agent does not keep
    /// it.</param>
    /// <remarks>Cost: allocates the agent and its record, some 450 bytes with the mailbox; takes a lock that other
    /// cores take once in a thousand. An agent so made gets
    /// nothing that an earlier run left to a namesake, and is no durable one.</remarks>
    /// <exception cref="InvalidOperationException">The factory made a durable agent, and there is a journal.
    /// </exception>
    public SpawnResult Spawn<TSeed>(SpawnCapability<TSeed> by, TSeed seed, out AgentId child)
    {
        Interference.At(Moment.EffectBegins);
        SpawnResult result;
        using (_core.Call())      // its factory may throw
        {
            result = _core.Spawn(_self, by.Right, seed, out child);
        }

        Interference.At(Moment.EffectDone);
        return result;
    }

    /// <summary>Ends this incarnation when the turn does.</summary>
    /// <param name="reason">Default: <see cref="ExitReason.Normal"/>.</param>
    public void Stop(ExitReason? reason = null)
    {
        using KernelCall call = _core.Call();
        _self.StopWanted ??= reason ?? ExitReason.Normal;
    }

    /// <summary>Starts the next incarnation of an agent that ended. Only its supervisor may.</summary>
    /// <param name="child">An agent spawned with this one as its supervisor.</param>
    /// <returns>False if this agent does not supervise it.</returns>
    public bool Restart(AgentId child)
    {
        using KernelCall call = _core.Call();
        return _core.Supervise(_self, child, restart: true);
    }

    /// <summary>Ends an agent for good, with <see cref="ExitReason.Shutdown"/>. Only its supervisor
    /// may.</summary>
    /// <param name="child">An agent spawned with this one as its supervisor.</param>
    /// <returns>False if this agent does not supervise it.</returns>
    public bool StopChild(AgentId child)
    {
        using KernelCall call = _core.Call();
        return _core.Supervise(_self, child, restart: false);
    }

    /// <summary>Suspends an agent: once the message that it is at is over it begins no other and no continuation, until
    /// it was resumed as often (GC-20). Only its supervisor may. What it is sent waits in its channel.</summary>
    /// <param name="child">An agent spawned with this one as its supervisor.</param>
    /// <returns>False if this agent does not supervise it.</returns>
    /// <remarks>It stays so through restarts; when this agent has ended for good it is taken back.</remarks>
    public bool SuspendChild(AgentId child)
    {
        using KernelCall call = _core.Call();
        return _core.Suspend(_self, child);
    }

    /// <summary>Takes back one <see cref="SuspendChild"/>.</summary>
    /// <param name="child">An agent spawned with this one as its supervisor.</param>
    /// <returns>False if this agent does not supervise it, or has taken back all that it said.</returns>
    public bool ResumeChild(AgentId child)
    {
        using KernelCall call = _core.Call();
        return _core.Resume(_self, child);
    }

    /// <summary>Sends this agent a message once a time is over. Never early; late by the grain of a millisecond and the
    /// leeway, which lets timers be due together (GC-18).</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="delay">On the kernel's monotonic clock, from now; not positive: as soon as this turn is
    /// over.</param>
    /// <param name="message">Copied before return; an object goes by reference and must not change afterwards.</param>
    /// <param name="leeway">How much later it may be; null: a tenth of the delay, but a millisecond at least and a
    /// minute at most (GC-19).</param>
    /// <returns>To cancel or suspend it with. The end of this incarnation cancels it.</returns>
    /// <remarks>Its message takes no room of the channel, comes behind what is there, in this agent's quality of
    /// service, and is journaled when it is taken. Cost: reads the clock, rents a cell; allocates only while the core's
    /// table grows. While recorded messages are handled once more no timer is made: OnStart is where a durable agent
    /// makes those that it needs.</remarks>
    /// <exception cref="InvalidOperationException">This agent handles no such message, or its core has too many
    /// timers.</exception>
    public AgentTimer After<T>(TimeSpan delay, in T message, TimeSpan? leeway = null)
    {
        using KernelCall call = _core.Call();
        return _core.StartTimer(_self, delay, TimeSpan.Zero, leeway, in message);
    }

    /// <summary>As <see cref="After{T}"/>, again and again, by a schedule that does not drift. At most one message of
    /// it waits: what was due meanwhile is counted in it (GC-16), see <see cref="Fires"/>.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="period">Until the first time, and between two; a millisecond at least.</param>
    /// <param name="message">What each time is sent. An object is the same each time.</param>
    /// <param name="leeway">As for <see cref="After{T}"/>; from the second time on half a period at most.</param>
    public AgentTimer Every<T>(TimeSpan period, in T message, TimeSpan? leeway = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, Limits.TimerTick);
        using KernelCall call = _core.Call();
        return _core.StartTimer(_self, period, period, leeway, in message);
    }

    /// <summary>As <see cref="After{T}"/>, once the wall clock shows a time, however it is set meanwhile. Late by a
    /// second where it is set forward.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="when">Over already: as soon as this turn is.</param>
    /// <param name="message">What is sent then.</param>
    public AgentTimer At<T>(DateTimeOffset when, in T message)
    {
        using KernelCall call = _core.Call();
        return _core.StartTimerAt(_self, when, in message);
    }

    /// <summary>Ends a timer. No message of it is handled any more, not even one that was due before.</summary>
    /// <param name="timer">One that is over, or none, does no harm.</param>
    public void Cancel(AgentTimer timer)
    {
        using KernelCall call = _core.Call();
        _core.Timers.Cancel(_self, timer);
    }

    /// <summary>What falls due from now on is counted and not sent. Counted itself: as many <see cref="Resume"/> take
    /// it back (GC-20).</summary>
    /// <param name="timer">One of this agent's.</param>
    public void Suspend(AgentTimer timer)
    {
        using KernelCall call = _core.Call();
        _core.Timers.Suspend(_self, timer);
    }

    /// <summary>Takes back one <see cref="Suspend"/>. What fell due meanwhile comes in one message (GC-16).</summary>
    /// <param name="timer">One of this agent's.</param>
    /// <exception cref="InvalidOperationException">It is not suspended.</exception>
    public void Resume(AgentTimer timer)
    {
        using KernelCall call = _core.Call();
        _core.Timers.Resume(_self, timer);
    }

    /// <summary>
    /// Has work that may block, or computes for long, done by a thread that is no core (GC-24). What it returns comes
    /// to this agent as a message, in its quality of service; what it throws as an <see cref="OffloadFailed"/>. Exactly
    /// one of the two comes, unless this incarnation ends before.
    /// </summary>
    /// <typeparam name="TState">What the work needs.</typeparam>
    /// <typeparam name="TResult">A message type that this agent handles.</typeparam>
    /// <param name="state">Handed to the work, which shares it: do not change it meanwhile.</param>
    /// <param name="work">Runs outside of every agent, with no capability of any. A static lambda costs nothing. Its
    /// token fires when this incarnation ends, and at a stop that has no more patience.</param>
    /// <param name="key">Told in <see cref="OffloadFailed.Key"/>, so that the agent knows which work it was.</param>
    /// <returns>Accepted, or why nothing will run.</returns>
    /// <remarks>Order: none among pieces of work; they begin in the order of the class that their agent ran in, then of
    /// offloading. The message takes no room of the channel and is journaled when it is taken. Cost: a lock, a wake of
    /// a thread; the piece of work is pooled. While recorded messages are handled once more nothing runs: what a
    /// durable agent still waits for after a restart it offloads again in OnStart.</remarks>
    /// <exception cref="InvalidOperationException">This agent does not handle <typeparamref name="TResult"/> or
    /// <see cref="OffloadFailed"/>.</exception>
    public OffloadResult Offload<TState, TResult>(
        TState state, Func<TState, CancellationToken, TResult> work, ulong key = 0)
    {
        using KernelCall call = _core.Call();
        return _core.Offloads.Start(_self, state, work, key);
    }

    /// <summary>Sends this agent a message once nothing of a group is under way; at once if nothing is now (GC-13). It
    /// comes once, and not to another incarnation.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="group">Which.</param>
    /// <param name="message">What is sent then. An object must not change afterwards.</param>
    /// <remarks>Takes no room of the channel, comes behind what is there and is journaled when it is taken. Cost:
    /// allocates who waits. While recorded messages are handled once more nobody waits.</remarks>
    /// <exception cref="ArgumentException">This agent does not handle <typeparamref name="T"/>.</exception>
    /// <exception cref="InvalidOperationException">As many as <see cref="Limits.GroupWaiters"/> wait.</exception>
    public void Notify<T>(WorkGroup group, in T message)
    {
        using KernelCall call = _core.Call();
        _core.Notify(_self, group, in message);
    }

    /// <summary>Has a loop run by several threads that are no cores (GC-15): the body once for each number from 0 on,
    /// in any order. When all is done an <see cref="Applied"/> comes to this agent as a message; if a body threw, an
    /// <see cref="OffloadFailed"/> with all of that in an <see cref="AggregateException"/>.</summary>
    /// <typeparam name="TState">What the body needs.</typeparam>
    /// <param name="count">How often.</param>
    /// <param name="state">Handed to the body, which shares it.</param>
    /// <param name="body">Runs outside of every agent. A static lambda costs nothing.</param>
    /// <param name="key">Told in <see cref="Applied.Key"/> or <see cref="OffloadFailed.Key"/>.</param>
    /// <remarks>One piece of offloaded work, with all that <see cref="Offload{TState, TResult}"/> says.</remarks>
    public OffloadResult Apply<TState>(int count, TState state, Action<TState, int> body, ulong key = 0)
    {
        using KernelCall call = _core.Call();
        return _core.Offloads.Apply(_self, count, state, body, key);
    }

    /// <summary>How often its timer was due for the message being handled; 1 for any other.</summary>
    public long Fires => _message->Fires;
}

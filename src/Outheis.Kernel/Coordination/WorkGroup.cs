namespace Outheis;

/// <summary>
/// Counts pieces of work that are under way anywhere, and tells who wants to know once there is none (GC-13). Enter it
/// before a piece of work begins, leave it when that is over, on whatever thread: cores and others. It may be used
/// again and again; each time that the count comes to 0 those who waited until then are told.
/// </summary>
/// <remarks>
/// Holding it is the right to use it. Enter and leave cost one interlocked operation and allocate nothing. Of those who
/// wait nobody is told before anybody else. While recorded messages are handled once more neither does anything: it was
/// done then. What a handler that failed had done stays done, as what it had sent stays sent.
/// </remarks>
public sealed class WorkGroup
{
    private const ulong OneRound = 1UL << 32;

    private readonly Kernel _kernel;
    private readonly Lock _lock = new();
    private readonly List<Waiting> _waiting = [];      // the lock's
    private int _waitingCount;                         // written under the lock
    private ulong _state;                              // how often the count came to 0; below that, 32 bits: the count

    internal WorkGroup(Kernel kernel) => _kernel = kernel;

    /// <summary>One more piece of work is under way. Any thread.</summary>
    public void Enter()
    {
        if (Core.IsOnceMoreHere)
        {
            return;
        }

        if ((int)Interlocked.Increment(ref _state) < 0)
        {
            Interlocked.Decrement(ref _state);
            throw new InvalidOperationException(
                "A group was entered two thousand million times more than it was left: leave it when work is over.");
        }
    }

    /// <summary>One piece of work is over. Any thread.</summary>
    /// <exception cref="InvalidOperationException">It was left more often than entered.</exception>
    public void Leave()
    {
        if (Core.IsOnceMoreHere)
        {
            return;
        }

        ulong before = Volatile.Read(ref _state);
        while (true)
        {
            uint count = (uint)before;
            if (count == 0)
            {
                throw new InvalidOperationException(
                    "Unbalanced Leave of a group: it was left more often than entered. Enter it before the work "
                    + "begins, and leave it once for each time.");
            }

            ulong after = count == 1 ? before - 1 + OneRound : before - 1;
            // F24: the round is over BEFORE the look for who waits. Pairs with F25.
            ulong seen = Interlocked.CompareExchange(ref _state, after, before);
            if (seen == before)
            {
                if (count == 1 && Volatile.Read(ref _waitingCount) > 0)
                {
                    TellWhoWaited();
                }

                return;
            }

            before = seen;
        }
    }

    /// <summary>Has the kernel send an agent a message once nothing is under way; at once if nothing is now. The
    /// host's: an agent that wants to hear of it itself uses <see cref="Context.Notify{T}"/>.</summary>
    /// <typeparam name="T">A message type that the agent handles.</typeparam>
    /// <param name="agent">Who. Whichever incarnation of it lives then.</param>
    /// <param name="message">What it is told, once. An object must not change afterwards.</param>
    /// <remarks>The message takes no room of the channel, comes behind what is there and is journaled when it is
    /// taken. Cost: allocates who waits.</remarks>
    /// <exception cref="ArgumentException">No such agent, or it does not handle <typeparamref name="T"/>.</exception>
    /// <exception cref="InvalidOperationException">As many as <see cref="Limits.GroupWaiters"/> wait.</exception>
    public void Notify<T>(AgentId agent, in T message)
    {
        Kernel.RequireOutside();
        AgentCell cell = _kernel.Living(agent);
        ToldRoute.Check<T>(cell);
        Add(new Notice<T>(cell, incarnation: 0, in message));
    }

    /// <summary>Waits until nothing is under way. The host's; for threads that are no cores.</summary>
    /// <param name="timeout">How long at most, by the kernel's clock; null: without end.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False: the time was over, or the kernel stopped, and something was under way all the while.</returns>
    public async Task<bool> WaitAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Kernel.RequireOutside();
        var waiter = new HostWaiting(_kernel);
        Add(waiter);
        Task done = waiter.Signal.Task;
        try
        {
            await _kernel.OrStopped(done).WaitAsync(
                timeout ?? Timeout.InfiniteTimeSpan, _kernel.Options.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Said by what is returned.
        }
        finally
        {
            Remove(waiter);
        }

        return done.IsCompleted;
    }

    internal void NotifyOf<T>(AgentCell self, in T message)
    {
        ToldRoute.Check<T>(self);
        Add(new Notice<T>(self, self.Incarnation, in message));
    }

    private void Add(Waiting waiter)
    {
        lock (_lock)
        {
            if (_waiting.Count == Limits.GroupWaiters)
            {
                throw new InvalidOperationException(
                    $"{Limits.GroupWaiters} wait for one group, as many as may: wait once and tell the others.");
            }

            waiter.Round = RoundOf(Volatile.Read(ref _state));
            _waiting.Add(waiter);
            // F25: who waits is counted BEFORE the look at the count. Pairs with F24.
            Interlocked.Increment(ref _waitingCount);
        }

        ulong state = Volatile.Read(ref _state);
        if ((uint)state == 0 || RoundOf(state) != waiter.Round)
        {
            TellWhoWaited();
        }
    }

    private void Remove(Waiting waiter)
    {
        lock (_lock)
        {
            if (_waiting.Remove(waiter))
            {
                Volatile.Write(ref _waitingCount, _waiting.Count);
            }
        }
    }

    // Not those who began to wait in a round that is not over.
    private void TellWhoWaited()
    {
        Waiting[] told;
        lock (_lock)
        {
            ulong state = Volatile.Read(ref _state);
            bool isEmpty = (uint)state == 0;
            told = [.. _waiting.Where(waiter => isEmpty || waiter.Round != RoundOf(state))];
            _waiting.RemoveAll(waiter => isEmpty || waiter.Round != RoundOf(state));
            Volatile.Write(ref _waitingCount, _waiting.Count);
        }

        foreach (Waiting waiter in told)
        {
            waiter.Tell();
        }
    }

    private static uint RoundOf(ulong state) => (uint)(state >> 32);

    private abstract class Waiting : KernelOp
    {
        public uint Round;      // in which it began to wait

        /// <summary>The round is over. Whatever thread, under no lock.</summary>
        public abstract void Tell();
    }

    /// <summary>An agent that is told by a message.</summary>
    private sealed class Notice<T>(AgentCell agent, uint incarnation, in T message) : Waiting
    {
        private readonly T _message = message;

        public override void Tell() => agent.Core.Post(this);

        public override void Run(Core core)
        {
            if (core.IsHomeFor(agent, this))
            {
                core.Tell(agent, incarnation, in _message);
            }
        }
    }

    /// <summary>Somebody outside of the kernel.</summary>
    private sealed class HostWaiting(Kernel kernel) : Waiting
    {
        public readonly HostSignal Signal = new(kernel.Platform.Host);

        public override void Tell() => Signal.Set();

        public override void Run(Core core)
        {
        }
    }
}

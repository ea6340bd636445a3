namespace Outheis;

/// <summary>
/// Which of its threads has a core. One alone, while all handlers return soon. When one has been in an agent's code for
/// long, the watch gives the core to another (<see cref="TrySeize"/>); the first gets it back, between two passes of
/// whoever has it, when it comes out of that code (<see cref="ComeBack"/>).
/// </summary>
/// <remarks>
/// Coming out of an agent's code costs a store and two looks, going into it a store, without a lock and without a
/// fence, as long as one thread alone has to do with the core: the taker says that it is shared, makes every thread of
/// the process pass a full barrier (F11) and then looks where the thread is; the thread says where it is and then looks
/// whether the core is shared (F12). Either the taker sees that it is in the kernel, or the thread sees that the core
/// is shared. While it is shared everybody comes in by the lock.
/// </remarks>
internal sealed class CoreSeat(Core core)
{
    [ThreadStatic]
    private static Sitter? t_me;

    private readonly object _lock = new();
    private readonly Queue<Sitter> _returning = new();      // out of an agent's code; each waits for the core
    private readonly Stack<Sitter> _spares = new();         // have nothing to do
    private Sitter? _holder;
    private int _sitters;
    private int _isWanted;        // somebody is in _returning
    private bool _isClosing;

    /// <summary>The thread that has the core: whether another one waits for it. Between two passes.</summary>
    public bool IsWanted => Volatile.Read(ref _isWanted) != 0;

    /// <summary>A thread of this core begins; the first one has it.</summary>
    public void SitDown()
    {
        lock (_lock)
        {
            t_me = new Sitter();
            _holder = t_me;
            _sitters++;
        }
    }

    /// <summary>A thread of this core begins, to have it when another one is long in an agent's code.</summary>
    /// <returns>False: it is not needed.</returns>
    public bool SitBy(Sitter me)
    {
        t_me = me;
        lock (_lock)
        {
            return WaitForCore(me);
        }
    }

    /// <summary>The watch: takes the core from a thread that is in an agent's code, and gives it to another one, which
    /// <paramref name="start"/> starts if there is none.</summary>
    public bool TrySeize(Func<Sitter, bool> start)
    {
        lock (_lock)
        {
            if (_holder is not { } holder || _isClosing)
            {
                return false;
            }

            if (!core.TryShare() || Successor(start) is not { } next)
            {
                core.Share(core.DetachedTurns > 0);
                return false;
            }

            // --- point of no return ---
            holder.Turn = core.Detach();
            core.SetPlace(inAgent: false);
            _holder = next;
            Monitor.PulseAll(_lock);
            return true;
        }
    }

    /// <summary>A thread comes out of an agent's code while the core is shared: returns when it has it. True: others
    /// had it meanwhile.</summary>
    public bool ComeBack()
    {
        Sitter me = t_me!;
        DetachedTurn turn;
        lock (_lock)
        {
            if (ReferenceEquals(_holder, me))
            {
                core.SetPlace(inAgent: false);
                return false;
            }

            _returning.Enqueue(me);
            Volatile.Write(ref _isWanted, 1);
            if (_holder is null)
            {
                GiveToNext();
            }
            else
            {
                core.Post(new Nudge());
            }

            while (!ReferenceEquals(_holder, me))
            {
                Monitor.Wait(_lock);
            }

            core.SetPlace(inAgent: false);
            turn = me.Turn!;
            me.Turn = null;
            core.Attach(turn);
            core.Share(core.DetachedTurns > 0);
        }

        Core.FireTokens(turn);
        return true;
    }

    /// <summary>The thread that has the core, between two passes: gives it to one that waits for it, and gets it again
    /// when somebody else is long in an agent's code.</summary>
    /// <returns>False: this thread is not needed any more.</returns>
    public bool HandOver()
    {
        lock (_lock)
        {
            Sitter me = _holder!;
            if (!GiveToNext())
            {
                return true;
            }

            return WaitForCore(me);
        }
    }

    /// <summary>The thread that has the core ends. Who comes back later has the core, and ends likewise.</summary>
    public void GetUp()
    {
        lock (_lock)
        {
            _sitters--;
            if (!GiveToNext())
            {
                _holder = null;
            }

            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>No spare thread is needed any more. True when nobody has the core, nor will: no handler is under
    /// way.</summary>
    public bool Close(TimeSpan atMost)
    {
        long start = TimeProvider.System.GetTimestamp();
        lock (_lock)
        {
            _isClosing = true;
            Monitor.PulseAll(_lock);
            while (_holder is not null || core.DetachedTurns > 0)
            {
                TimeSpan left = atMost - TimeProvider.System.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_lock, left))
                {
                    return _holder is null && core.DetachedTurns == 0;
                }
            }

            return true;
        }
    }

    // Under the lock. Who comes out of an agent's code first, then who has nothing to do, then somebody new.
    private Sitter? Successor(Func<Sitter, bool> start)
    {
        if (TakeReturning() is { } back)
        {
            return back;
        }

        if (_spares.TryPop(out Sitter? spare))
        {
            return spare;
        }

        var made = new Sitter();
        if (_sitters >= Limits.ThreadsPerCore || !start(made))
        {
            return null;
        }

        _sitters++;
        return made;
    }

    private bool GiveToNext()
    {
        if (TakeReturning() is not { } next)
        {
            return false;
        }

        _holder = next;
        Monitor.PulseAll(_lock);
        return true;
    }

    private Sitter? TakeReturning()
    {
        if (!_returning.TryDequeue(out Sitter? next))
        {
            return null;
        }

        Volatile.Write(ref _isWanted, _returning.Count > 0 ? 1 : 0);
        return next;
    }

    // Under the lock.
    private bool WaitForCore(Sitter me)
    {
        if (!ReferenceEquals(_holder, me) && !_isClosing)
        {
            _spares.Push(me);
        }

        while (!ReferenceEquals(_holder, me))
        {
            bool isLate = _isClosing || !Monitor.Wait(_lock, Limits.SpareIdle);
            if (isLate && !ReferenceEquals(_holder, me))
            {
                Leave(me);
                return false;
            }
        }

        return true;
    }

    private void Leave(Sitter me)
    {
        Sitter[] others = [.. _spares.Where(other => !ReferenceEquals(other, me)).Reverse()];
        _spares.Clear();
        Array.ForEach(others, _spares.Push);
        _sitters--;
        Monitor.PulseAll(_lock);
    }
}

/// <summary>A thread of one core, as its seat knows it.</summary>
internal sealed class Sitter
{
    /// <summary>The turn in whose agent's code it is; null: it has the core, or waits for it to have something to
    /// do.</summary>
    public DetachedTurn? Turn;
}

/// <summary>Ends a core's sleep, or the pass that it is in; then it looks at its rings and its clock.</summary>
internal sealed class Nudge : KernelOp
{
    public override void Run(Core core) => core.LookAtClock();
}

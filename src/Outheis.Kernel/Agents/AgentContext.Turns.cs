namespace Outheis;

/// <summary>
/// The turn under way, and the end of it. A plain agent's incarnation has one context, which is its turn's as well; a
/// reentrant one has one for the whole, found in the cell, and one for each turn in flight (<see cref="AgentTurns"/>).
/// Those share what waits to run on, and the list of asks.
/// </summary>
public sealed partial class AgentContext
{
    private readonly AgentTurns? _turns;             // of a reentrant agent
    private readonly AgentContext? _whole;           // this is one of its turns
    private ulong _unanswered;                       // the ask that the end of the incarnation cut off
    private bool _isReported;                        // the message is a dead letter already

    /// <summary>For one turn of a reentrant agent.</summary>
    internal AgentContext(AgentContext whole)
        : this(whole.Cell, whole._resumes)
    {
        (_turns, _whole) = (whole._turns, whole);
    }

    /// <summary>AgentTurns' links.</summary>
    internal AgentContext? NextFree;
    internal int Place;

    /// <summary>The incarnation's context, which is in the cell.</summary>
    internal AgentContext Whole => _whole ?? this;

    /// <summary>The newest of the incarnation's asks that wait for a reply.</summary>
    internal ReplySlot? FirstAsk { get; private set; }

    /// <summary>Of the incarnation: sends that wait, for room or for the disk.</summary>
    internal int WaitingSends;

    /// <summary>Something is under way that comes back to the core that the agent is on.</summary>
    internal bool IsBusy => IsInTurn || HasResumes || FirstAsk is not null || WaitingSends > 0;

    /// <summary>A turn is under way.</summary>
    internal bool IsInTurn => _turns is null ? _isPending : _turns.InFlight.Count > 0;

    /// <summary>The context in which a message is handled.</summary>
    internal AgentContext ForTurn() => _turns is null ? this : _turns.Begin(this);

    /// <summary>Whether a turn under way owes the reply to this ask.</summary>
    internal bool Owes(ulong correlation) => (_turns?.Answering(correlation) ?? this).IsAnswering(correlation);

    internal bool IsAnswering(ulong correlation) => _isUnderWay && _message.Correlation == correlation;

    /// <summary>The asker of the request being answered gave up.</summary>
    internal void CancelAnswer(ulong correlation)
    {
        AgentContext turn = _turns?.Answering(correlation) ?? this;
        if (turn.IsAnswering(correlation))
        {
            turn.CancelTurn();
        }
    }

    /// <summary>Fires the tokens of all turns under way.</summary>
    internal void CancelTurns()
    {
        if (_turns is null)
        {
            CancelTurn();
            return;
        }

        foreach (AgentContext turn in _turns.InFlight.ToArray())
        {
            turn.CancelTurn();
        }
    }

    /// <summary>
    /// The incarnation ended. Its code may run on until its awaits are over, but reaches nothing any more
    /// (OT-09).
    /// </summary>
    internal void Fence()
    {
        _isFenced = true;
        if (_turns is not null)
        {
            foreach (AgentContext turn in _turns.All)
            {
                turn._isFenced = _isFenced;
            }

            foreach (AgentContext turn in _turns.InFlight)
            {
                turn.Waiting.WithdrawAll();
            }
        }

        Waiting.WithdrawAll();
        if (HasResumes)
        {
            Core.Post(new OrphanResume(this));      // what waited for the agent's next turn: there is none
        }

        CutOff();
        foreach (AgentContext turn in _turns?.InFlight ?? [])
        {
            turn.CutOff();
        }
    }

    /// <summary>After <see cref="Fence"/>: tells whoever asked what will never be answered.</summary>
    /// <param name="failed">The ask that has been told already; 0 for none.</param>
    /// <param name="cause">What ended the incarnation.</param>
    internal void FailUnanswered(ulong failed, Exception? cause)
    {
        if (_unanswered != 0 && _unanswered != failed)
        {
            Core.FailReply(Cell.Id.Value, _unanswered, AskOutcome.Dead, cause);
        }

        if (_whole is null && _turns is not null)
        {
            foreach (AgentContext turn in _turns.InFlight)
            {
                turn.FailUnanswered(failed, cause);
            }

            _turns.Clear();
        }
    }

    /// <summary>Fires the token of the turn under way, if there is one.</summary>
    internal void CancelTurn()
    {
        if (_isUnderWay && Cell.Detached is { } detached)
        {
            (detached.Cancelled ??= []).Add(this);      // callbacks are the agent's, which is at something
        }
        else if (_isPending)
        {
            CancelReturned();
        }
    }

    /// <summary>The same for a turn that has its core again and is in the middle of its code.</summary>
    internal void CancelReturned()
    {
        if (!_isUnderWay || _cancellation is null)
        {
            return;
        }

        try
        {
            _cancellation.Cancel();
            Core.Replies.AbandonWithTurn(this);
            Waiting.WithdrawAll();
        }
        catch (AggregateException bug) when (_isPending)
        {
            TurnThrew(bug);
        }
        catch (AggregateException bug)
        {
            Cell.StopWanted ??= new ExitReason(ExitKind.Error, bug);      // its first stretch: nothing awaits yet
        }
    }

    private void TurnThrew(Exception bug)
    {
        _isReported = true;
        Lifecycle.TurnThrew(Core, Cell, in _message, bug);
    }

    private unsafe void CutOff()
    {
        _isUnderWay = false;
        if (!_isPending)
        {
            return;
        }

        if (!_isReported)
        {
            Message cutOff = _message;
            Core.Report(&cutOff, Route.Of(cutOff.Route), Core.Kernel.IsStopping
                ? DeadLetterReason.KernelStopped : DeadLetterReason.TargetDead);
        }

        _unanswered = _message.Correlation;
        _isPending = false;
        Core.WaitingAgents--;
        try
        {
            _cancellation?.Cancel();
        }
        catch (AggregateException)
        {
            // A callback of a token threw. The incarnation has ended already; its reason stays the first one.
        }
    }

    // The code of the turn stops for now, or for good.
    private void LeaveStretch()
    {
        SynchronizationContext.SetSynchronizationContext(null);
        _turns?.Running = null;
    }
}

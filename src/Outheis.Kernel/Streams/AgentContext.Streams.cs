namespace Outheis;

/// <summary>Streams: those that an agent takes, and the one that its turn produces.</summary>
public sealed partial class AgentContext
{
    /// <summary>What this turn produces for another one.</summary>
    internal Outflow? Outflow;

    /// <summary>Streams that this turn takes and that are not over; the end of the turn ends them.</summary>
    internal int OpenStreams;

    internal bool IsFenced => _isFenced;

    /// <summary>
    /// Asks for a stream, to be taken with <c>await foreach</c> in this turn. Its items come in the order in which they
    /// were produced, each once, as messages do: by value or by reference.
    /// </summary>
    /// <typeparam name="TRequest">The request type.</typeparam>
    /// <typeparam name="TItem">What comes.</typeparam>
    /// <param name="from">A capability of this agent with <see cref="Rights.Ask"/>. Used with the request, and each
    /// time that more items are let come: once it is revoked what was let before may come, and then the stream
    /// ends.</param>
    /// <param name="request">An object goes by reference and must not change afterwards.</param>
    /// <param name="window">How many items the producer may be ahead of this consumer (back-pressure); 1 to
    /// <see cref="Limits.StreamWindowMost"/>, default <see cref="Limits.StreamWindow"/>. Where it is used up the
    /// producer waits.</param>
    /// <param name="timeout">How long the wait for one item may take; default 5 s (OT-31),
    /// <see cref="Timeout.InfiniteTimeSpan"/> for a stream that may be silent. Grain: 10 ms. The time that the consumer
    /// takes for its items does not count.</param>
    /// <returns>Nothing is asked before the first item is; each enumeration is a stream of its own. Give it a token
    /// with <see cref="TaskAsyncEnumerableExtensions.WithCancellation{T}"/>: it ends the wait, and the producer hears
    /// of it.</returns>
    /// <remarks>One ask for the whole stream, with all that <see cref="AskAsync"/> says: an override raises the
    /// producer for as long. Whoever leaves the loop ends the stream: the producer's token fires, and its enumerator
    /// is disposed. So does the end of the turn or of the incarnation. What came before a failure is taken before
    /// that is thrown. Cost: an allocation or three per stream; per item what a message costs, 0 bytes, and for every
    /// half window a message to the producer.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">No such window.</exception>
    /// <exception cref="AskException">While it is taken: denied, full, dead, timed out, failed, self-ask, revoked.
    /// </exception>
    /// <exception cref="OperationCanceledException">While it is taken: the token fired.</exception>
    /// <exception cref="InvalidOperationException">While it is taken: a durable agent takes it outside an effect. How
    /// far it was let run ahead is not in the journal, so the message could not be handled once more.</exception>
    public IAsyncEnumerable<TItem> StreamAsync<TRequest, TItem>(
        StreamCapability<TRequest, TItem> from, TRequest request, int window = Limits.StreamWindow,
        TimeSpan? timeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, Limits.StreamWindowMost);
        return new AgentStreamSource<TRequest, TItem>(
            this, from.Node, request, window, timeout ?? Limits.AskTimeout);
    }

    /// <summary>Null: what this turn awaits need not be told again. Otherwise what to await in place of it.</summary>
    internal ValueTask<bool>? MustRecord(Core core)
    {
        bool isRecorded = _effectsUnderWay > 0;
        if (!isRecorded && core.Replay is { LosesAwaits: true })
        {
            return new ValueTask<bool>(new TaskCompletionSource<bool>().Task);      // the replay says so
        }

        return isRecorded || (Cell.Durable is null && core.Replay is null && Cell.Factory is not null) ? null
            : throw new InvalidOperationException(
                $"{Cell.Name} takes a stream, and how far that was let run is not in the journal, so the message "
                + "cannot be handled once more. Take it inside EffectAsync, which records the outcome, or have an "
                + "agent that is not durable take it and send what comes.");
    }

    /// <summary>The stream that answers this ask, if one does.</summary>
    internal Outflow? OutflowOf(ulong correlation)
    {
        AgentContext turn = _turns?.Answering(correlation) ?? this;
        return turn.IsAnswering(correlation) ? turn.Outflow : null;
    }

    /// <summary>In this turn, on its core. False: the incarnation has ended.</summary>
    internal bool TrySendItem<TItem>(in TItem item)
    {
        if (_isFenced)
        {
            return false;
        }

        Core.SendItem(Cell, _message.Correlation, in item);
        return true;
    }

    /// <summary>Tells the consumer that this was all, or that it was cut short, if there still is one.</summary>
    internal void EndStream(bool isWhole)
    {
        using KernelCall call = OnCore(out Core core);
        Outflow = null;
        if (_isFenced || core.IsAbandoned(_message.Correlation))
        {
            return;
        }

        if (isWhole)
        {
            core.Reply(Cell, _message.Correlation, default(StreamEnd));
        }
        else
        {
            core.FailReply(Cell.Id.Value, _message.Correlation, AskOutcome.Dead, null);
        }
    }

    // The turn is over: nobody takes what its streams would bring.
    private void TurnIsOver()
    {
        _isUnderWay = false;
        _turns?.End(this);
        if (OpenStreams > 0)
        {
            Core.Replies.AbandonStreams(this);
        }
    }
}

using System.Threading.Tasks.Sources;

namespace Outheis;

/// <summary>The producer's end of a stream: belongs to the turn that produces it, and takes the next item from its
/// handler only when it may be sent. Its core only.</summary>
internal sealed class Outflow(AgentContext context) : IValueTaskSource<bool>
{
    private int _room = 1;                           // items that may be sent (StreamWindow, W2)
    private bool _isCut;                             // the turn's token fired: nobody waits, or the agent is to stop
    private bool _isAwaited;
    private short _version;
    private Action<object?>? _continuation;
    private object? _state;

    private bool IsReady => _room > 0 || _isCut;

    /// <summary>The rest of the turn. In the end the handler's enumerator was disposed, and its consumer
    /// told.</summary>
    public async ValueTask RunAsync<TItem>(IAsyncEnumerable<TItem> items, CancellationToken token)
    {
        bool isWhole = false;
        using (token.UnsafeRegister(static state => ((Outflow)state!).Cut(), this))
        {
            try
            {
                isWhole = await TrySendAllAsync(items, token).ConfigureAwait(true);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                // What the handler awaited heard of it: the ordinary end of a stream that nobody takes any more.
            }
        }

        context.EndStream(isWhole);
    }

    /// <summary>The consumer lets so many more come.</summary>
    public void Let(int more)
    {
        _room += more;
        Wake();
    }

    public ValueTaskSourceStatus GetStatus(short token)
    {
        using KernelCall call = context.Core.CallIfHere();
        return IsReady ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;
    }

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        using KernelCall call = context.Core.CallIfHere();
        if (IsReady)
        {
            context.Resume(continuation, state);
        }
        else
        {
            (_continuation, _state) = (continuation, state);
        }
    }

    public bool GetResult(short token)
    {
        if (!_isAwaited || token != _version)
        {
            throw new InvalidOperationException("The kernel awaits it once.");
        }

        _isAwaited = false;
        _version++;
        return !_isCut;
    }

    // False: it was cut.
    private async ValueTask<bool> TrySendAllAsync<TItem>(IAsyncEnumerable<TItem> items, CancellationToken token)
    {
        IAsyncEnumerator<TItem> each = items.GetAsyncEnumerator(token);
        await using (each.ConfigureAwait(true))
        {
            while (await WaitForRoomAsync().ConfigureAwait(true))
            {
                if (!await each.MoveNextAsync().ConfigureAwait(true))
                {
                    return true;
                }

                if (!TrySend(each.Current))
                {
                    return false;
                }
            }

            return false;
        }
    }

    private ValueTask<bool> WaitForRoomAsync()
    {
        using KernelCall call = context.OnCore(out _);
        if (IsReady)
        {
            return new ValueTask<bool>(!_isCut);
        }

        _isAwaited = true;
        return new ValueTask<bool>(this, _version);
    }

    private bool TrySend<TItem>(in TItem item)
    {
        Interference.At(Moment.EffectBegins);
        using (context.OnCore(out _))
        {
            if (_isCut || !context.TrySendItem(in item))
            {
                return false;
            }

            _room--;
        }

        Interference.At(Moment.EffectDone);
        return true;
    }

    private void Cut()
    {
        _isCut = true;
        Wake();
    }

    private void Wake()
    {
        if (_continuation is { } continuation)
        {
            _continuation = null;
            context.Resume(continuation, _state);
        }
    }
}

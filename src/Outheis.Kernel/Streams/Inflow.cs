namespace Outheis;

/// <summary>The reply that ends a stream, behind its last item.</summary>
internal readonly record struct StreamEnd;

/// <summary>
/// The consumer's end of a stream. A stream is one ask: until its reply comes, which is a <see cref="StreamEnd"/>,
/// items come by its correlation. So whatever ends an ask ends a stream.
/// </summary>
internal abstract class Inflow
{
    /// <summary>The host's: the ask is about to be sent.</summary>
    public virtual void Begin(HostAsk ask, ulong correlation)
    {
    }

    /// <summary>The ask is over: nothing more comes. Called once, where asks end.</summary>
    public abstract void End(AskOutcome outcome, Exception? cause);
}

internal abstract class Inflow<TItem> : Inflow
{
    /// <summary>The next item has come.</summary>
    /// <param name="correlation">Of which ask.</param>
    /// <param name="item">Within what was let.</param>
    public abstract void Add(ulong correlation, in TItem item);
}

/// <summary>
/// Items that came and were not taken, in order, and how many more the producer was let send. Its own thread alone, or
/// under a lock.
/// </summary>
/// <remarks>
///   W1  what waits here, is under way or may still be sent is <see cref="_let"/>, at most the size
///   W2  the producer begins with one item and is let have the rest when that has come: the size need not travel with
///       the request
/// </remarks>
internal struct StreamWindow<TItem>(int size)
{
    private readonly TItem[] _items = new TItem[size];      // a ring
    private int _first;
    private int _let = 1;

    public int Count { get; private set; }

    public void Add(in TItem item)
    {
        int at = _first + Count++;
        _items[at < _items.Length ? at : at - _items.Length] = item;
    }

    public TItem Take()
    {
        TItem item = _items[_first];
        _items[_first] = default!;
        _first = _first + 1 == _items.Length ? 0 : _first + 1;
        Count--;
        _let--;
        return item;
    }

    /// <summary>Half of the window is used up.</summary>
    public readonly bool WantsMore => _let <= _items.Length / 2;

    /// <summary>How many more the producer is to be let send.</summary>
    public int LetMore()
    {
        int more = _items.Length - _let;
        _let = _items.Length;
        return more;
    }

    public void Clear()
    {
        Array.Clear(_items);
        Count = 0;
    }
}

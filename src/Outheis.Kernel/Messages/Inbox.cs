namespace Outheis;

/// <summary>
/// The messages of one agent that reached its core, oldest first: cells linked in order, no memory of its
/// own. Touched by the home core alone. The bound is kept by credits (<see cref="Credits"/>), not here.
/// </summary>
internal unsafe struct Inbox
{
    private Message* _head;
    private Message* _tail;

    public int Count { get; private set; }

    public readonly bool IsEmpty => _head == null;

    public readonly Message* Peek() => _head;

    /// <summary>Shows each message in it, the oldest first.</summary>
    public readonly void Look(MessageLook look)
    {
        for (Message* cell = _head; cell != null; cell = cell->Next)
        {
            look(cell);
        }
    }

    public void Put(Message* cell)
    {
        cell->Next = null;
        if (_head == null)
        {
            _head = cell;
        }
        else
        {
            _tail->Next = cell;
        }

        _tail = cell;
        Count++;
    }

    /// <summary>Puts all of another inbox behind what is here. That one is not used any more.</summary>
    public void PutAll(in Inbox other)
    {
        if (other.IsEmpty)
        {
            return;
        }

        if (_head == null)
        {
            _head = other._head;
        }
        else
        {
            _tail->Next = other._head;
        }

        _tail = other._tail;
        Count += other.Count;
    }

    /// <summary>The oldest message, or null.</summary>
    public Message* Take()
    {
        Message* cell = _head;
        if (cell != null)
        {
            _head = cell->Next;
            Count--;
        }

        return cell;
    }
}

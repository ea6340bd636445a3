namespace Outheis;

/// <summary>
/// The messages of one agent that reached its core: those of the priority lane, then the others, each the oldest first
/// (OT-12). Cells linked in order, no memory of its own. Touched by the home core alone. The bound is kept by credits
/// (<see cref="Credits"/>), not here.
/// </summary>
internal unsafe struct Inbox
{
    private Message* _head;
    private Message* _tail;
    private Message* _lastOfPriority;      // the newest of the lane; null: the lane is empty

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

    /// <summary>Puts a message at the end of its lane.</summary>
    public void Put(Message* cell)
    {
        if (cell->Has(MessageFlags.Priority))
        {
            PutIntoPriorityLane(cell);
        }
        else
        {
            Append(cell);
        }
    }

    /// <summary>Puts a message at the end, whatever its lane: where it is on its way and others with it.</summary>
    public void Append(Message* cell)
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

    /// <summary>Puts all of another inbox behind what is here, each message in its lane. That one is empty
    /// then.</summary>
    public void PutAll(ref Inbox other)
    {
        Message* cell;
        while ((cell = other.Take()) != null)
        {
            Put(cell);
        }
    }

    /// <summary>The oldest message of the priority lane, else of the other one; or null.</summary>
    public Message* Take()
    {
        Message* cell = _head;
        if (cell != null)
        {
            _head = cell->Next;
            Count--;
            if (cell == _lastOfPriority)
            {
                _lastOfPriority = null;
            }
        }

        return cell;
    }

    /// <summary>The oldest request of the lane that an ask of the agent's own led to; null: there is none.</summary>
    public Message* TakeCall(AgentCell agent)
    {
        Message* before = null;
        Message* end = _lastOfPriority == null ? _head : _lastOfPriority->Next;
        for (Message* cell = _head; cell != end; before = cell, cell = cell->Next)
        {
            if (cell->Has(MessageFlags.Call) && AgentTurns.IsOwnCall(agent, cell))
            {
                return before == null ? Take() : TakeBehind(before);
            }
        }

        return null;
    }

    private Message* TakeBehind(Message* before)
    {
        Message* cell = before->Next;
        before->Next = cell->Next;
        _tail = cell == _tail ? before : _tail;
        _lastOfPriority = cell == _lastOfPriority ? before : _lastOfPriority;
        Count--;
        return cell;
    }

    private void PutIntoPriorityLane(Message* cell)
    {
        Message* before = _lastOfPriority;
        Message* behind = before == null ? _head : before->Next;
        cell->Next = behind;
        if (before == null)
        {
            _head = cell;
        }
        else
        {
            before->Next = cell;
        }

        if (behind == null)
        {
            _tail = cell;
        }

        _lastOfPriority = cell;
        Count++;
    }
}

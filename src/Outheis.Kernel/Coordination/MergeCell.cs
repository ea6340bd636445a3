using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>
/// What threads merge for one agent, until that takes it: a word that they change without a lock, and whether a message
/// is under way that stands for it. There is never more than one, so the source is the op that brings it to the core.
/// </summary>
internal abstract unsafe class MergeCell(AgentCell agent, Route route) : AgentOp(agent)
{
    private int _isUnderWay;       // from the merge that found nothing under way until its message is taken
    private int _isCancelled;

    public bool IsCancelled => Volatile.Read(ref _isCancelled) != 0;

    protected override void RunAtHome(Core core) => core.TellMerged(Agent, route, this);

    /// <summary>The agent takes the message that stands for it: from here on that is what was merged. False: there is
    /// nothing to take.</summary>
    /// <param name="core">The agent's.</param>
    /// <param name="message">Without the object beside it.</param>
    public bool TryTake(Core core, Message* message)
    {
        // F26: none is under way BEFORE what was merged is taken. Pairs with F27.
        Interlocked.Exchange(ref _isUnderWay, 0);
        message->Flags &= ~(MessageFlags.Merged | MessageFlags.Reference);
        if (!TryFetch(core, message) || IsCancelled)
        {
            DropFetched(core, message);
            return false;
        }

        if (core.TryJournalOwn(message))
        {
            message->Flags &= ~MessageFlags.Told;      // whatever becomes of it now is told, as of any message
            return true;
        }

        MergeBack(core, message);
        if (Interlocked.Exchange(ref _isUnderWay, 1) != 0)
        {
            core.Cells.Return(message);      // there is another one by now
            return false;
        }

        message->Flags |= MessageFlags.Merged | MessageFlags.Reference;
        core.Cells.PutReference(message, this);
        core.Offloads.Hold(message);
        return false;
    }

    /// <summary>From here on nothing of it is handled. False: it was cancelled before.</summary>
    public bool TryCancel() => Interlocked.Exchange(ref _isCancelled, 1) == 0;

    /// <summary>After something was merged, by an interlocked operation.</summary>
    protected void NoteMerged()
    {
        // F27: it is merged BEFORE the look whether one is under way. Pairs with F26.
        if (Volatile.Read(ref _isUnderWay) == 0 && Interlocked.Exchange(ref _isUnderWay, 1) == 0)
        {
            Agent.Core.PostUninterrupted(this);      // the caller may hold a lock
        }
    }

    /// <summary>Takes what was merged into a message. False: nothing was.</summary>
    protected abstract bool TryFetch(Core core, Message* message);

    /// <summary>Merges what a message was filled with; what came meanwhile is the newer.</summary>
    protected abstract void MergeBack(Core core, Message* message);

    private static void DropFetched(Core core, Message* message)
    {
        if (message->Has(MessageFlags.Reference))
        {
            Route.Of(message->Route).Discard(core.Cells.TakeReference(message));
        }

        core.Cells.Return(message);
    }
}

/// <summary>A number of 64 bits, to which is added or whose bits are set; 0: nothing was.</summary>
internal sealed unsafe class MergedWord(AgentCell agent, Route route, bool isSum) : MergeCell(agent, route)
{
    private long _word;

    public void Merge(long value)
    {
        if (value == 0)
        {
            return;
        }

        Change(value);
        NoteMerged();
    }

    protected override bool TryFetch(Core core, Message* message)
    {
        long word = Interlocked.Exchange(ref _word, 0);
        message->PayloadBytes = sizeof(long);
        *(long*)&message->Payload = word;
        return word != 0;
    }

    protected override void MergeBack(Core core, Message* message) => Change(*(long*)&message->Payload);

    private void Change(long value)
    {
        if (isSum)
        {
            Interlocked.Add(ref _word, value);
        }
        else
        {
            Interlocked.Or(ref _word, value);
        }
    }
}

/// <summary>The value that was given last.</summary>
internal sealed unsafe class MergedLast<T>(AgentCell agent, Route route) : MergeCell(agent, route)
{
    private object? _last;      // the object itself, or a pooled box; null: nothing since it was taken

    public void Merge(in T value)
    {
        if (Interlocked.Exchange(ref _last, Wrap(in value)) is { } before)
        {
            Release(before);
        }

        NoteMerged();
    }

    protected override bool TryFetch(Core core, Message* message)
    {
        if (Interlocked.Exchange(ref _last, null) is not { } last)
        {
            return false;
        }

        message->Flags |= Carriage<T>.Flags;
        message->PayloadBytes = (byte)Carriage<T>.InlineBytes;
        if (!Carriage<T>.IsInline)
        {
            core.Cells.PutReference(message, last);
            return true;
        }

        Unsafe.WriteUnaligned(&message->Payload, ((PooledBox<T>)last).Value);
        Release(last);
        return true;
    }

    protected override void MergeBack(Core core, Message* message)
    {
        object value = Carriage<T>.IsInline
            ? Wrap(Unsafe.ReadUnaligned<T>(&message->Payload)) : core.Cells.TakeReference(message);
        if (Interlocked.CompareExchange(ref _last, value, null) is not null)
        {
            Release(value);
        }
    }

    private static object Wrap(in T value)
    {
        if (Carriage<T>.IsReference)
        {
            return value!;
        }

        PooledBox<T> box = PooledBox<T>.Pool.Get();
        box.Value = value;
        return box;
    }

    private static void Release(object value)
    {
        if (!Carriage<T>.IsReference)
        {
            var box = (PooledBox<T>)value;
            box.Value = default!;
            PooledBox<T>.Pool.Return(box);
        }
    }
}

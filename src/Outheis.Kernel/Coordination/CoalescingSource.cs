using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>What becomes of two values that a <see cref="CoalescingSource{T}"/> is given before its agent takes
/// any.</summary>
public enum Coalescing : byte
{
    /// <summary>Their sum. 0 is nothing and sends nothing. Of one number of 64 bits; a sum that does not fit it wraps
    /// around.</summary>
    Add = 0,

    /// <summary>The bits of both. 0 is nothing and sends nothing. Of one number of 64 bits.</summary>
    Or,

    /// <summary>The later one. Of any type.</summary>
    Replace,
}

/// <summary>
/// Between noisy producers and an agent: any thread gives it values, and the agent gets one message with what they come
/// to, however many came while it was at something else, waited for its turn or was suspended (GC-16). Nothing is lost
/// of it but how often.
/// </summary>
/// <typeparam name="T">The message. With <see cref="Coalescing.Add"/> and <see cref="Coalescing.Or"/> a struct that is
/// one number of 64 bits.</typeparam>
/// <remarks>
/// Holding it is the right to use it, in turns too; while recorded messages are handled once more it does nothing. It
/// is its agent's for life, whichever incarnation: at most one message of it is under way, which takes no room of the
/// channel and is journaled, with its value, when it is taken. It is active from the beginning.
/// </remarks>
public sealed class CoalescingSource<T>
{
    private readonly MergeCell _cell;
    private readonly AgentCell _agent;
    private readonly ulong _key;

    internal CoalescingSource(AgentCell agent, Coalescing how, ulong key)
    {
        Route route = ToldRoute.Check<T>(agent);
        (_agent, _key) = (agent, key);
        _cell = how switch
        {
            Coalescing.Replace => new MergedLast<T>(agent, route),
            Coalescing.Add or Coalescing.Or when !IsWord => throw new ArgumentException(
                $"{typeof(T)} is no struct of one number of 64 bits, so its values cannot be merged by {how}: make it "
                + "a record struct of one long or ulong, or let the later one replace.", nameof(how)),
            Coalescing.Add or Coalescing.Or => new MergedWord(agent, route, isSum: how == Coalescing.Add),
            _ => throw new ArgumentOutOfRangeException(nameof(how), how, "There is no such way to coalesce."),
        };
    }

    /// <summary>Nothing of it is handled any more.</summary>
    public bool IsCancelled => _cell.IsCancelled;

    /// <summary>Gives it a value. Any thread, also while that holds a lock. Without effect once it is cancelled or its
    /// agent has ended, and for threads that are no cores once the kernel stops.</summary>
    /// <param name="value">An object must not change afterwards.</param>
    /// <remarks>Cost: one interlocked operation, and one more and a wake where no message is under way. 0 bytes; with
    /// <see cref="Coalescing.Replace"/> a struct is held in a pooled box.</remarks>
    public void Merge(in T value)
    {
        if (_agent.IsDead || _cell.IsCancelled
            || (Core.OfThisThread is null ? _agent.Kernel.IsStopping : Core.IsOnceMoreHere))
        {
            return;
        }

        if (_cell is MergedWord word)
        {
            word.Merge(Unsafe.As<T, long>(ref Unsafe.AsRef(in value)));
            return;
        }

        if (value is null)
        {
            throw new ArgumentNullException(nameof(value));      // ThrowIfNull would box a struct
        }

        ((MergedLast<T>)_cell).Merge(in value);
    }

    /// <summary>Ends it: what was merged and not taken is dropped. A handler that runs goes on (GC-17). If the agent
    /// handles <see cref="SourceCancelled"/> it is told, after the last message: the place to let go of what the
    /// producers use. Any thread; once more does no harm.</summary>
    public void Cancel()
    {
        if (!Core.IsOnceMoreHere && _cell.TryCancel())
        {
            _agent.Core.Post(new CancelOp(_agent, _key));
        }
    }

    private static bool IsWord => Unsafe.SizeOf<T>() == sizeof(long)
        && !RuntimeHelpers.IsReferenceOrContainsReferences<T>()
        && MessageLayout.Of<T>()?.Fields is null or { Count: 0 } or [{ Kind: FieldKind.Int64 or FieldKind.UInt64 }];

    // On the agent's core, so behind a handler that runs, and behind the last message that was not dropped.
    private sealed class CancelOp(AgentCell agent, ulong key) : AgentOp(agent)
    {
        protected override void RunAtHome(Core core)
        {
            if (Agent.Instance is IHandle<SourceCancelled> or IHandleAsync<SourceCancelled>)
            {
                var cancelled = new SourceCancelled(key);
                core.Tell(Agent, incarnation: 0, in cancelled);
            }
        }
    }
}

/// <summary>Comes to an agent after the last message of a source of its that was cancelled.</summary>
/// <param name="Key">As it was given to <see cref="Kernel.OpenSource{T}"/>.</param>
public readonly record struct SourceCancelled(ulong Key);

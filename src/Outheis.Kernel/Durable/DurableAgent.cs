using System.Buffers;
using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>
/// An agent whose state outlives its process: it is what its handlers made of the messages that it has taken. When an
/// agent of this name is spawned again, or its incarnation restarted, the kernel takes the newest snapshot from the
/// journal and hands the messages since to the new instance, before it takes new ones.
/// </summary>
/// <typeparam name="TState">An unmanaged struct, or a type that <see cref="KernelOptions.Codecs"/> write as
/// JSON.</typeparam>
/// <remarks>
/// <para>Exactly once in the state: a message counts when it was handled to its end; one whose handler threw does not
/// count and is tried again, at most <see cref="KernelOptions.AttemptsMost"/> times.</para>
/// <para>While old messages are handled, nothing is sent: sends return what they returned then, asks are answered with
/// what was answered then, <see cref="Context.UtcNow"/> and <see cref="Context.NextRandom"/> give what they gave
/// then. So a handler may look at these, at its message and at <see cref="State"/>, and at nothing else: no other
/// clock, no static, no file. What acts on the world outside goes through
/// <see cref="AgentContext.EffectAsync{T}"/>.</para>
/// <para>Needs a journal, and a name that no other durable agent has.</para>
/// </remarks>
public abstract class DurableAgent<TState> : Agent
{
    /// <summary>Begins with a state, which the journal may replace before the agent starts.</summary>
    /// <param name="initial">Of an agent that never lived before.</param>
    protected DurableAgent(TState initial) => State = initial;

    /// <summary>All that the agent knows. Handlers change it; the kernel reads it between two messages.</summary>
    protected internal TState State { get; set; }

    internal sealed override DurableFace MakeDurable() => new DurableFace<TState>(this);
}

/// <summary>The kernel's side of one incarnation of a durable agent. The agent's core.</summary>
internal abstract class DurableFace
{
    private int _sinceSnapshot;      // messages taken
    private bool _tellsAll;          // with the next snapshot: whose it is, and its timers

    public void NoteTaken() => _sinceSnapshot++;

    /// <summary>At the next end of a turn.</summary>
    public void SnapshotSoon() => _sinceSnapshot = int.MaxValue / 2;

    /// <summary>Between two messages: writes the state if enough was taken since the newest snapshot.</summary>
    public void SnapshotIfDue(Core core, AgentCell agent)
    {
        if (_sinceSnapshot >= core.Kernel.Options.SnapshotEvery)
        {
            Snapshot(core, agent);
        }
    }

    public void Snapshot(Core core, AgentCell agent)
    {
        if (core.Tap is not { } tap)
        {
            return;
        }

        if (_tellsAll)
        {
            tap.RecordSpawned(agent);
        }

        if (TrySnapshot(tap, agent))
        {
            _sinceSnapshot = 0;
            _tellsAll = _tellsAll && !core.Timers.WriteAnew(agent);
        }
    }

    /// <summary>The retention may soon give up what the journal says of it: its name, its state, its timers.</summary>
    public void TellAllAnew() => _tellsAll = true;

    /// <summary>Takes the state from a snapshot. Null: done; otherwise why it cannot be read as one.</summary>
    public abstract string? Restore(MessageCodecs codecs, JournalEntry snapshot);

    /// <summary>Writes the state as it is. False: there was no room.</summary>
    public abstract bool TrySnapshot(JournalTap tap, AgentCell agent);

    /// <summary>Whether the journal can hold such a state.</summary>
    public abstract bool CanBeWritten(MessageCodecs codecs);

    public abstract Type StateType { get; }

    /// <summary>Remembers the state as it is before a message: a handler that throws leaves it so.</summary>
    public abstract void Keep(MessageCodecs codecs);

    /// <summary>The state is what <see cref="Keep"/> found.</summary>
    public abstract void Undo(MessageCodecs codecs);

    /// <summary>Begins with the state of the incarnation before.</summary>
    public abstract void TakeFrom(DurableFace earlier);

    /// <summary>Whether the state is what a snapshot says.</summary>
    public abstract bool Equals(MessageCodecs codecs, JournalEntry snapshot);

    /// <summary>The state in words.</summary>
    public abstract string Describe(MessageCodecs codecs);
}

internal sealed class DurableFace<TState>(DurableAgent<TState> agent) : DurableFace
{
    private TState? _kept;
    private ArrayBufferWriter<byte>? _encoded;

    public override Type StateType => typeof(TState);

    public override string? Restore(MessageCodecs codecs, JournalEntry snapshot)
    {
        string? reason = codecs.Read(snapshot, out TState state);
        if (reason is null)
        {
            agent.State = state;
        }

        return reason;
    }

    public override bool TrySnapshot(JournalTap tap, AgentCell cell)
    {
        TState state = agent.State;
        return tap.AppendSnapshot(StateRoute<TState>.Instance, cell, in state);
    }

    public override bool CanBeWritten(MessageCodecs codecs) =>
        codecs.Find(typeof(TState)) is not null || !RuntimeHelpers.IsReferenceOrContainsReferences<TState>();

    public override void Keep(MessageCodecs codecs)
    {
        if (!RuntimeHelpers.IsReferenceOrContainsReferences<TState>())
        {
            _kept = agent.State;
            return;
        }

        _encoded ??= new ArrayBufferWriter<byte>();      // a handler may change an object in its place
        _encoded.ResetWrittenCount();
        TState state = agent.State;
        (codecs.Find(typeof(TState)) as MessageCodec<TState>)?.Encode(in state, _encoded);
    }

    public override void Undo(MessageCodecs codecs)
    {
        if (!RuntimeHelpers.IsReferenceOrContainsReferences<TState>())
        {
            agent.State = _kept!;
        }
        else if (codecs.Find(typeof(TState)) is MessageCodec<TState> codec && _encoded is { WrittenCount: > 0 } encoded)
        {
            agent.State = codec.Decode(encoded.WrittenSpan);
        }
    }

    public override void TakeFrom(DurableFace earlier) => agent.State = ((DurableFace<TState>)earlier).State;

    public override bool Equals(MessageCodecs codecs, JournalEntry snapshot)
    {
        TState state = agent.State;
        return new PayloadText<TState>(codecs).IsSame(in state, snapshot);
    }

    public override string Describe(MessageCodecs codecs)
    {
        TState state = agent.State;
        return new PayloadText<TState>(codecs).Of(in state);
    }

    private TState State => agent.State;
}

/// <summary>Gives a state type its number in the journal. No message comes this way.</summary>
internal sealed unsafe class StateRoute<TState>() : Route(typeof(TState))
{
    public static readonly StateRoute<TState> Instance = new();

    public override int InlineBytes => 0;

    public override bool IsUnderstoodBy(Agent agent) => false;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference) =>
        throw new InvalidOperationException("A state is no message.");
}

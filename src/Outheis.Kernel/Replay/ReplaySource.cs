using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// Reads a journal once, in causal order, and makes of it work for the replayed agents, in the order in which each core
/// took it. One thread.
/// </summary>
/// <remarks>
/// What came of a message stands behind the note that it was taken and before the core's next one, unless its handler
/// awaited: then before its agent's next one. So a turn is whole when such a note is read, and all that is kept is the
/// turns under way and the messages that wait. A turn also waits for the answers to its asks: they are in other lanes,
/// and may be read later than what followed from them.
/// </remarks>
internal sealed partial class ReplaySource(JournalReader journal, ReplayCast cast, MessageCodecs codecs)
    : IDisposable
{
    private readonly Dictionary<uint, RecordedRun> _runs = [];
    private readonly Dictionary<long, ReplayMessage> _waiting = [];      // by position
    private readonly Dictionary<(uint Run, ulong Correlation), (ReplayTurn Turn, int Act)> _asks = [];
    private readonly Dictionary<(uint Run, ulong Correlation), JournalEntry> _early = [];      // failures so far
    private readonly (ReplayTurn? Turn, long Number)[] _open = new (ReplayTurn?, long)[JournalLimits.Lanes];
    private readonly long[] _ends = new long[JournalLimits.Lanes];      // of what was read
    private readonly Queue<ReplayTurn> _ready = new();
    private readonly Stack<ReplayTurn> _spareTurns = new();
    private readonly Stack<ReplayMessage> _spareMessages = new();
    private RecordedRun _run = new(0, codecs);
    private long _number;
    private int _strangers;      // messages kept for somebody whose name is not known yet
    private bool _isOver;

    /// <summary>Records read.</summary>
    public long Records { get; private set; }

    /// <summary>Bytes read.</summary>
    public long Bytes { get; private set; }

    public JournalReader Journal => journal;

    /// <summary>A message that reading is to stop before, if a replayed agent takes it; 0: none.</summary>
    public long Until { get; set; }

    /// <summary>The record at <see cref="Until"/> was read, and nobody will take it.</summary>
    public bool IsUntilPassed { get; private set; }

    /// <summary>Messages for agents that are not replayed are kept, too.</summary>
    public bool KeepsAll { get; init; }

    /// <summary>Sent and not taken, in no order.</summary>
    public IEnumerable<ReplayMessage> Waiting => _waiting.Values;

    /// <summary>Everything was read.</summary>
    public bool IsOver => _isOver;

    /// <summary>Work that can be run; null: nothing more until another record is read.</summary>
    public ReplayTurn? TakeReady() => _ready.TryDequeue(out ReplayTurn? turn) ? turn : null;

    public ReplayTurn? PeekReady() => _ready.TryPeek(out ReplayTurn? turn) ? turn : null;

    /// <summary>The ready piece of work that was taken before a certain one; null: there is none.</summary>
    public ReplayTurn? TakeReadyBefore(long number)
    {
        ReplayTurn? found = null;
        for (int left = _ready.Count; left > 0; left--)
        {
            ReplayTurn turn = _ready.Dequeue();
            if (found is null && turn.Number < number)
            {
                found = turn;
            }
            else
            {
                _ready.Enqueue(turn);
            }
        }

        return found;
    }

    /// <summary>Reads one record. False: there is none.</summary>
    public bool TryRead()
    {
        if (!_isOver && journal.TryRead(out JournalRecord record))
        {
            Records++;
            Bytes += record.Bytes;
            _ends[record.Lane] = record.Position + record.Bytes;
            Note(in record);
            return true;
        }

        if (!_isOver)
        {
            _isOver = true;
            CutAll();
            return _ready.Count > 0;
        }

        return false;
    }

    /// <summary>How far each lane was read.</summary>
    public long[] LaneEnds() => [.. _ends.Where(static end => end != 0)];

    /// <summary>The work was run: the agent's next may follow.</summary>
    public void Done(ReplayTurn turn)
    {
        ReplayedAgent agent = turn.Agent;
        agent.Turns.Dequeue();
        agent.Forget(turn);
        for (int i = 0; i < turn.Count; i++)
        {
            if (turn.Acts[i].IsAsk)
            {
                _asks.Remove((turn.Acts[i].Run.Number, turn.Acts[i].Correlation));
            }
        }

        if (turn.Message is { } message && !turn.KeepsMessage)
        {
            _spareMessages.Push(message);
        }

        _spareTurns.Push(turn);
        Offer(agent);
    }

    public void Dispose() => journal.Dispose();

    private void Offer(ReplayedAgent agent)
    {
        if (agent.Turns.TryPeek(out ReplayTurn? head) && head.IsRunnable && !head.IsOffered)
        {
            head.IsOffered = true;
            _ready.Enqueue(head);
        }
    }

    private void Seal(ReplayedAgent agent)
    {
        agent.Seal();
        Offer(agent);
    }

    private ReplayTurn Rent(
        ReplayedAgent agent, ReplayWork work, in JournalRecord record, RecordedRun run, long position)
    {
        ReplayTurn turn = _spareTurns.TryPop(out ReplayTurn? spare) ? spare : new ReplayTurn();
        turn.Begin(agent, work, run, ++_number, position, record.UtcTicks);
        turn.Id = agent.Id;
        agent.Add(turn);
        return turn;
    }

    // Whoever the core ran before is done, unless it awaits.
    private void SealLane(int lane)
    {
        (ReplayTurn? turn, long number) = _open[lane];
        if (turn is not null && turn.Number == number && !turn.IsSealed && !turn.IsAsync && !turn.Agent.MayRunOn())
        {
            Seal(turn.Agent);
        }

        _open[lane] = default;
    }

    private void CutAll()
    {
        foreach (ReplayedAgent agent in cast.Agents)
        {
            foreach (ReplayTurn turn in agent.Turns)
            {
                turn.IsCut |= !turn.IsSealed || turn.Unanswered > 0;
                turn.Unanswered = 0;
            }

            Seal(agent);
        }
    }

    private void Take(RecordedRun run, in JournalRecord record, uint id, long position)
    {
        SealLane(record.Lane);
        ReplayedAgent? agent = run.Agent(id);
        if (agent is null || !agent.Lives)
        {
            Forget(position);
            return;
        }

        if (agent.Newest is { IsSealed: false })
        {
            Seal(agent);
        }

        ReplayTurn turn = Rent(agent, ReplayWork.Message, in record, run, position);
        turn.Incarnation = agent.Incarnation;
        if (_waiting.Remove(position, out ReplayMessage? message))
        {
            _strangers -= message.IsStranger ? 1 : 0;
            message.IsStranger = false;
            (turn.Message, turn.Route) = (message, agent.RouteOf(message));
            turn.IsRedelivered = message.IsRedelivered || message.Run != run;
        }

        _open[record.Lane] = (turn, turn.Number);
    }

    private void Forget(long position)
    {
        if ((_strangers > 0 || position == Until) && _waiting.Remove(position, out ReplayMessage? message))
        {
            _strangers -= message.IsStranger ? 1 : 0;
            _spareMessages.Push(message);
            IsUntilPassed |= position == Until;
        }
    }

    private void Keep(RecordedRun run, in JournalRecord record, long sentBy)
    {
        ReplayMessage message = _spareMessages.TryPop(out ReplayMessage? spare) ? spare : new ReplayMessage();
        message.Keep(run, in record);
        (message.Order, message.SentBy) = (++_number, sentBy);
        message.IsStranger = run.Agent(record.Target.Value) is null;
        _strangers += message.IsStranger ? 1 : 0;
        _waiting[record.Position] = message;
    }

    private RecordedRun RunOf(in JournalRecord record)
    {
        if (record.Run != _run.Number)
        {
            ref RecordedRun? run = ref CollectionsMarshal.GetValueRefOrAddDefault(_runs, (uint)record.Run, out _);
            _run = run ??= new RecordedRun((uint)record.Run, codecs);
        }

        return _run;
    }
}

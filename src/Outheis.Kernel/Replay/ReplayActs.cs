using System.Runtime.CompilerServices;
using System.Text;

namespace Outheis;

/// <summary>
/// Compares what a handler does with what the journal has of the same turn, act by act, in order; and tells it what it
/// was told then. The first difference is kept; from there on the rest of the turn is only muted.
/// </summary>
internal sealed partial class ReplayActs(JournalReader journal, MessageCodecs codecs) : Replaying
{
    private ReplayTurn _turn = null!;
    private int _next;
    private ulong _random;      // for those whose numbers the journal does not have

    /// <summary>The first difference of the turn.</summary>
    public ReplayDivergence? Divergence { get; private set; }

    public override bool IsMute => true;

    public override AgentCell? Deriver => _turn.Agent.Cell;

    public override bool LosesAwaits => !_turn.Agent.IsDurable;

    public void Begin(ReplayTurn turn)
    {
        (_turn, _next, Divergence) = (turn, 0, null);
    }

    /// <summary>The handler came to its end: nothing that it did then may be left.</summary>
    public void End()
    {
        if (Peek() is var next && next >= 0)
        {
            Differ(next, null);
        }
        else if (_turn.IsFailed)
        {
            Divergence ??= Make(_turn.Position, $"failed with {_turn.Failure}", null);
        }
    }

    /// <summary>The handler threw.</summary>
    public void Threw(Exception bug)
    {
        string kind = bug.GetType().Name;
        if (!_turn.IsFailed)
        {
            if (!_turn.IsCut)
            {
                Differ(Peek(), $"fails with {kind}: {ExitReason.MessageOf(bug)}");
            }
        }
        else if (Peek() is var next && next >= 0)
        {
            Differ(next, $"fails with {kind}: {ExitReason.MessageOf(bug)}");
        }
        else if (_turn.Failure is { Length: > 0 } then && TypeOf(then) != kind)
        {
            Divergence ??= Make(
                _turn.Position, $"failed with {then}", $"fails with {kind}: {ExitReason.MessageOf(bug)}");
        }
    }

    public override SendResult Sent<T>(CapabilityNode? node, in T message)
    {
        int next = Peek();
        if (next >= 0)
        {
            ref RecordedAct act = ref _turn.Acts[next];
            if (act.Kind == JournalKind.Refused && ReadRefusal(in act) is { What: RefusedRecord.Send } refused)
            {
                _turn.Run.KeepsInputs |= !_turn.Agent.IsDurable;
                act.IsTaken = true;
                return (SendResult)refused.Answer;
            }

            if (node is not null && act.Kind == JournalKind.Sent && act.Correlation == 0
                && IsSame(in act, node, in message))
            {
                act.IsTaken = true;
                return SendResult.Sent;
            }
        }

        if (node is null)
        {
            return SendResult.Denied;
        }

        if (next >= 0 && _turn.IsAsync && FindLater(next, node, in message) is var later && later >= 0)
        {
            _turn.Acts[later].IsTaken = true;      // it had waited for room while its handler went on
            return SendResult.Sent;
        }

        Differ(next, node, "sends", in message);
        return SendResult.Sent;
    }

    public override bool TryAnswer<TRequest, TReply>(
        CapabilityNode? node, in TRequest request, out ValueTask<TReply> answer)
    {
        string callee = node?.Target.Name ?? "The callee";
        int next = Peek();
        if (next >= 0 && _turn.Acts[next].Kind == JournalKind.Refused
            && ReadRefusal(in _turn.Acts[next]) is { What: RefusedRecord.Ask } refused)
        {
            _turn.Acts[next].IsTaken = true;
            answer = Failed<TReply>(AskException.From((SendResult)refused.Answer), callee);
            return true;
        }

        if (node is null)
        {
            answer = Failed<TReply>(AskOutcome.Denied, callee);
            return true;
        }

        if (next < 0 || !_turn.Acts[next].IsAsk || !IsSame(in _turn.Acts[next], node, in request))
        {
            Differ(next, node, "asks", in request);
            answer = Failed<TReply>(AskOutcome.Dead, callee);
            return true;
        }

        ref RecordedAct act = ref _turn.Acts[next];
        act.IsTaken = true;
        answer = act.Reply is not { } reply ? Failed<TReply>(AskOutcome.Dead, callee)
            : reply.Kind == JournalKind.TimedOut ? Failed<TReply>(AskOutcome.TimedOut, callee)
            : reply.IsFailure ? Failed<TReply>(AskException.FailureOf(reply), callee)
            : codecs.Read(reply, out TReply read) is not { } reason ? new ValueTask<TReply>(read)
            : ValueTask.FromException<TReply>(new JournalException(
                $"The reply at {ReplayDivergence.Place(reply.Position)} cannot be read as {typeof(TReply)}: "
                + $"{reason}."));
        return true;
    }

    public override void Replied<TReply>(in TReply reply)
    {
        if (Carriage<TReply>.IsTooLarge)
        {
            return;
        }

        int next = Peek();
        if (next < 0 || _turn.Acts[next].Kind != JournalKind.Replied
            || !IsSamePayload(in _turn.Acts[next], in reply))
        {
            Differ(next, $"replies {MessageLayout.SimpleNameOf<TReply>()} {Words(in reply)}");
            return;
        }

        _turn.Acts[next].IsTaken = true;
    }

    public override bool TryRecall<T>(AgentContext context, string key, string name, out Effect<T> effect)
    {
        effect = new Effect<T>(EffectOutcome.InDoubt, default, name, null);
        int next = Peek();
        if (next < 0 || _turn.Acts[next].Kind != JournalKind.EffectBegun
            || Encoding.UTF8.GetString(_turn.PayloadOf(in _turn.Acts[next])) != key)
        {
            Differ(next, $"begins the effect {key}");
            return true;
        }

        _turn.Acts[next].IsTaken = true;
        int end = FindEnd(_turn.Acts[next].Correlation);
        if (end < 0)
        {
            return true;
        }

        _turn.Acts[end].IsTaken = true;
        JournalEntry ended = _turn.Acts[end].Entry!;
        effect = RecordedEffects.Read<T>(codecs, ended, name);
        return true;
    }

    public override long? Clock()
    {
        _turn.Agent.Clock = TakeObserved(ObservedRecord.Clock) ?? _turn.Agent.Clock;
        _turn.Agent.HasGuessed |= _turn.Agent.Clock is null;
        return _turn.Agent.Clock ?? _turn.Ticks;
    }

    public override ulong? Random()
    {
        long? told = TakeObserved(ObservedRecord.Random);
        _turn.Agent.HasGuessed |= told is null;
        return (ulong?)told ?? (_random += 0x9E3779B97F4A7C15);
    }

    public override TimeSpan? Uptime()
    {
        long? told = TakeObserved(ObservedRecord.Uptime);
        _turn.Agent.HasGuessed |= told is null;
        return new TimeSpan(
            told ?? (_turn.Run.OpenedTicks == 0 ? 0 : Math.Max(0, _turn.Ticks - _turn.Run.OpenedTicks)));
    }

    // Only a refusal is recorded: that there is none is no guess.
    public override OffloadResult? Offloaded() => (OffloadResult?)TakeObserved(ObservedRecord.Offload);

    public override ChildRecord? Spawned()
    {
        long? told = TakeObserved(ObservedRecord.Child);
        _turn.Agent.HasGuessed |= told is null;
        return ChildRecord.From(told ?? 0);
    }

    public override ReserveResult? Reserved()
    {
        long? told = TakeObserved(ObservedRecord.Reserved);
        _turn.Agent.HasGuessed |= told is null;
        return told is { } result ? (ReserveResult)result : ReserveResult.Granted;
    }

    public override bool? Supervised(AgentId child, byte verdict)
    {
        int next = Peek();
        if (next >= 0 && _turn.Acts[next].Kind == JournalKind.Supervised
            && ReadVerdict(in _turn.Acts[next]) is var then && then.Verdict == verdict
            && IsChild(in _turn.Acts[next], child))
        {
            _turn.Acts[next].IsTaken = true;
            return then.IsTaken;
        }

        string name = journal.Names.Agent(_turn.Run.Number, child.Value) ?? child.ToString();
        Differ(next, $"decides to {new SupervisedRecord(verdict, true).Words} {name}");
        return true;
    }

    // The next act to be compared. What it was told and does not ask for now is passed over.
    private int Peek()
    {
        ReplayTurn turn = _turn;
        while (_next < turn.Count && (turn.Acts[_next].IsTaken || turn.Acts[_next].Kind == JournalKind.Observed))
        {
            if (!turn.Acts[_next].IsTaken
                && ObservedRecord.TryRead(turn.PayloadOf(in turn.Acts[_next]), out ObservedRecord observed)
                && observed.What == ObservedRecord.Clock)
            {
                turn.Agent.Clock = observed.Value;
            }

            _next++;
        }

        return _next < turn.Count ? _next : -1;
    }

    // Only where it stands: a clock that was read again later had another value there.
    private long? TakeObserved(byte what)
    {
        while (_next < _turn.Count && _turn.Acts[_next].IsTaken)
        {
            _next++;
        }

        if (_next < _turn.Count && _turn.Acts[_next].Kind == JournalKind.Observed
            && ObservedRecord.TryRead(_turn.PayloadOf(in _turn.Acts[_next]), out ObservedRecord observed)
            && observed.What == what)
        {
            _turn.Acts[_next++].IsTaken = true;
            _turn.Run.KeepsInputs |= !_turn.Agent.IsDurable;
            return observed.Value;
        }

        return null;
    }

    private RefusedRecord ReadRefusal(in RecordedAct act) =>
        RefusedRecord.TryRead(_turn.PayloadOf(in act), out RefusedRecord refused) ? refused : default;

    private SupervisedRecord ReadVerdict(in RecordedAct act) =>
        SupervisedRecord.TryRead(_turn.PayloadOf(in act), out SupervisedRecord verdict) ? verdict : default;

    // By the number that a signal told it then, or by that of the program that is replayed.
    private static bool IsChild(in RecordedAct act, AgentId child) =>
        act.Target == child.Value || act.Run.Agent(act.Target)?.Cell.Id == child;

    private int FindEnd(ulong effect)
    {
        for (int i = _next; i < _turn.Count; i++)
        {
            if (_turn.Acts[i].Kind == JournalKind.EffectEnded && _turn.Acts[i].Correlation == effect)
            {
                return i;
            }
        }

        return -1;
    }

    private int FindLater<T>(int next, CapabilityNode node, in T message)
    {
        for (int i = next + 1; i < _turn.Count; i++)
        {
            ref RecordedAct act = ref _turn.Acts[i];
            if (act is { IsTaken: false, Kind: JournalKind.Sent, Correlation: 0 } && IsSame(in act, node, in message))
            {
                return i;
            }
        }

        return -1;
    }

    private bool IsSame<T>(in RecordedAct act, CapabilityNode node, in T message) =>
        act.Badge == node.Badge && IsTarget(in act, node.Target) && IsSamePayload(in act, in message);

    private bool IsTarget(in RecordedAct act, AgentCell target) =>
        act.Run.Agent(act.Target) is { } joined ? ReferenceEquals(joined.Cell, target)
            : journal.Names.Agent(act.Run.Number, act.Target) is { } name ? name == target.Name
            : act.Target == target.Id.Value;

    private bool IsSamePayload<T>(in RecordedAct act, in T message)
    {
        if (!act.Type.Is<T>())
        {
            return false;
        }

        ReadOnlySpan<byte> payload = _turn.PayloadOf(in act);
        PayloadEncoding encoding = act.Type.Encoding;
        return encoding == PayloadEncoding.Opaque || new PayloadText<T>(codecs).IsSame(in message, encoding, payload)
            || (journal.TryRead(act.Position, out JournalEntry? entry)
                && new PayloadText<T>(codecs).IsSame(in message, entry));
    }

    private string Words<T>(in T message) => new PayloadText<T>(codecs).Of(in message);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Differ<T>(int next, CapabilityNode node, string verb, in T message)
    {
        if (!IsBehindCut(next))
        {
            string badge = node.Badge == 0 ? "" : $" with badge {node.Badge}";
            _turn.Agent.HasGuessed = true;      // that it was not refused
            Differ(next, $"{verb} {node.Target.Name} {MessageLayout.SimpleNameOf<T>()} {Words(in message)}{badge}");
        }
    }

    // It did more than there was time to record.
    private bool IsBehindCut(int next) => next < 0 && _turn.IsCut;

    private void Differ(int next, string? replayed)
    {
        if (Divergence is null && !IsBehindCut(next))
        {
            string? recorded = next >= 0 ? Describe(in _turn.Acts[next])
                : _turn.IsFailed ? $"failed with {_turn.Failure}" : null;
            Divergence = Make(next >= 0 ? _turn.Acts[next].Position : _turn.Position, recorded, replayed);
        }
    }

    private ReplayDivergence Make(long position, string? recorded, string? replayed) => new(
        position, _turn.Position, _turn.Agent.Name, ReplayWords.Of(_turn, journal), recorded, replayed)
    {
        LacksInputs = _turn.Agent is { IsDurable: false, HasGuessed: true } && !_turn.Run.KeepsInputs,
    };

    private string Describe(in RecordedAct act)
    {
        JournalEntry? entry = journal.TryRead(act.Position, out JournalEntry? found) ? found : null;
        string badge = act.Badge == 0 ? "" : $" with badge {act.Badge}";
        string target = act.Run.Agent(act.Target)?.Name ?? journal.Names.Agent(act.Run.Number, act.Target)
            ?? new AgentId(act.Target).ToString();
        string payload = entry?.PayloadText ?? Convert.ToHexString(_turn.PayloadOf(in act));
        string what = $"{act.Type.Schema?.SimpleName} {payload}";
        return act.Kind switch
        {
            JournalKind.Sent => $"{(act.IsAsk ? "asked" : "sent")} {target} {what}{badge}",
            JournalKind.Replied => $"replied {what}",
            JournalKind.EffectBegun => $"began the effect {Encoding.UTF8.GetString(_turn.PayloadOf(in act))}",
            JournalKind.EffectEnded => $"ended the effect {act.Correlation}",
            JournalKind.Armed => $"armed {entry?.Armed.Key} with {what}",
            JournalKind.Disarmed => $"disarmed {Encoding.UTF8.GetString(_turn.PayloadOf(in act))}",
            JournalKind.Supervised => $"decided to {ReadVerdict(in act).Words} {target}",
            _ when ReadRefusal(in act) is { What: RefusedRecord.Arm } timer =>
                $"was refused a timer: {(ArmResult)timer.Answer}",
            _ => $"was refused: {(SendResult)ReadRefusal(in act).Answer}",
        };
    }

    private static ValueTask<TReply> Failed<TReply>(AskOutcome outcome, string callee) =>
        ValueTask.FromException<TReply>(new AskException(outcome, callee));

    // "Error: TimeoutException: no answer"
    private static string TypeOf(string failure) => failure.Split(": ") is [_, var type, ..] ? type : failure;
}

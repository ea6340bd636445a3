using System.Text;

namespace Outheis;

/// <summary>Timers that outlive the process: whether they are armed and disarmed as they were then.</summary>
internal sealed partial class ReplayActs
{
    // When it was due depends on the clock, and is not compared.
    public override ArmResult? Armed<T>(in TimerTerms terms, in T message)
    {
        int next = Peek();
        if (next >= 0 && _turn.Acts[next].Kind == JournalKind.Refused
            && ReadRefusal(in _turn.Acts[next]) is { What: RefusedRecord.Arm } refused)
        {
            _turn.Run.KeepsInputs |= !_turn.Agent.IsDurable;
            _turn.Acts[next].IsTaken = true;
            return (ArmResult)refused.Answer;
        }

        if (!_turn.Agent.IsDurable)
        {
            return ArmResult.NotDurable;
        }

        JournalTap.RequireWritable<T>(codecs);
        if (next >= 0 && _turn.Acts[next] is { Kind: JournalKind.Armed, Entry.Armed: var then }
            && then.Key == terms.Key && then.PeriodTicks == terms.Period.Ticks && then.IsWall == terms.When.HasValue
            && IsSamePayload(in _turn.Acts[next], in message))
        {
            _turn.Acts[next].IsTaken = true;
        }
        else
        {
            Differ(next, $"arms {terms.Key} with {MessageLayout.SimpleNameOf<T>()} {Words(in message)}");
        }

        return ArmResult.Armed;
    }

    public override bool Disarmed(string key)
    {
        int next = Peek();
        if (next >= 0 && _turn.Acts[next] is { Kind: JournalKind.Disarmed } act
            && Encoding.UTF8.GetString(_turn.PayloadOf(in act)) == key)
        {
            _turn.Acts[next].IsTaken = true;
        }
        else if (_turn.Agent.IsDurable)
        {
            Differ(next, $"disarms {key}");
        }

        return true;
    }
}

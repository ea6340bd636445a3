namespace Outheis;

/// <summary>Timers as agents start and arm them, now and when recorded messages are handled once more.</summary>
internal sealed unsafe partial class Core
{
    /// <summary>Starts a timer; while recorded messages are handled once more, one that never is due.</summary>
    public AgentTimer StartTimer<T>(
        AgentCell self, TimeSpan delay, TimeSpan period, TimeSpan? leeway, in T message) =>
        IsHandledOnceMore<T>(self)
            ? AgentTimer.Never : Timers.Start(self, delay, period, leeway, in message);

    /// <summary>The same, on the wall clock.</summary>
    public AgentTimer StartTimerAt<T>(AgentCell self, DateTimeOffset when, in T message) =>
        IsHandledOnceMore<T>(self) ? AgentTimer.Never : Timers.StartAt(self, when, in message);

    /// <summary>Arms a timer that outlives the process.</summary>
    public ArmResult Arm<T>(AgentCell self, in TimerTerms terms, in T message)
    {
        CoreTimers.Check<T>(self);
        if (Replay?.Armed(in terms, in message) is { } recorded)
        {
            return recorded;
        }

        AgentCell agent = Replay?.Actor ?? self;
        ArmResult result = ArmResult.NotDurable;
        if (agent.Durable is not null && Tap is not null)
        {
            JournalTap.RequireWritable<T>(Kernel.Options.Codecs);
            result = Timers.Arm(agent, Current->Position, in terms, in message);
        }

        if (result != ArmResult.Armed && IsRecorded(agent))
        {
            Tap?.RecordRefused(agent, Current->Position, new RefusedRecord((byte)result, RefusedRecord.Arm));
        }

        return result;
    }

    /// <summary>Disarms one; if there is none, that is in the journal all the same.</summary>
    public void Disarm(AgentCell self, string key)
    {
        if (Replay?.Disarmed(key) ?? false)
        {
            return;
        }

        AgentCell agent = Replay?.Actor ?? self;
        if (agent.Durable is not null && Tap is not null)
        {
            Timers.Disarm(agent, Current->Position, key);
        }
    }

    // What would be refused is refused then too.
    private bool IsHandledOnceMore<T>(AgentCell self)
    {
        bool isOnceMore = Replay is not null || self.Factory is null;
        if (isOnceMore)
        {
            CoreTimers.Check<T>(self);
        }

        return isOnceMore;
    }
}

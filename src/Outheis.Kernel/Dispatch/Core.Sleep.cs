using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>Whether this core may sleep, for how long, and for what it lets others sleep on.</summary>
/// <remarks>
/// A passive send (LW-25): what an agent of the background class sends to a core that sleeps does not wake it, until
/// a quarter of the ring waits, or a tick is over, or this core has nothing else to do. This core remembers whom it
/// left asleep and looks at the end of each pass, and before it sleeps itself; so such a message waits for a tick and
/// a pass of this core at most, and until then only for somebody else to wake its core. Who is awake or has somebody
/// waiting does not come here: a peer that is awake needs no wake, an agent that somebody waits for is of a higher
/// class.
/// </remarks>
internal sealed unsafe partial class Core
{
    private readonly bool[] _leftAsleep;      // by peer: something was published for it since, and it slept
    private int _passives;                    // those peers
    private long _passivesDue;

    /// <summary>Whether something waits that <see cref="RunPass"/> would do. The core's thread, as its last
    /// look.</summary>
    public bool HasWork()
    {
        if (HasWorkOfItsOwn())
        {
            return true;
        }

        foreach (CoreRing? ring in In)
        {
            if (ring is not null && ring.Peek() != null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The same but for what other cores sent.</summary>
    public bool HasWorkOfItsOwn()
    {
        if (!_ready.IsEmpty || !_births.IsEmpty || !Control.IsEmpty || (Ingress.Peek() != null && !IsJournalFull))
        {
            return true;
        }

        for (int peer = 0; _outboxCount > 0 && peer < _outbox.Length; peer++)
        {
            if (!_outbox[peer].IsEmpty && Out[peer]!.HasRoomToResume())
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How long the core may sleep if nobody wakes it.</summary>
    public TimeSpan SleepAtMost()
    {
        TimeSpan asks = OrUntilRelease(SleepForAsks());
        return Timers.Count > 0 && Timers.DueIn(Now) is { } timers
            && (asks == Timeout.InfiniteTimeSpan || timers < asks)
            ? timers < Limits.SleepMost ? timers : Limits.SleepMost : asks;
    }

    private TimeSpan SleepForAsks() =>
        _retries.Count > 0 || IsJournalFull || Offloads.HasHeld || HasUnentered ? Limits.PollPeriod
        : Replies.NextDeadline is not { } deadline ? Timeout.InfiniteTimeSpan
        : deadline - Now > Time.TimestampFrequency * (long)Limits.SleepMost.TotalSeconds ? Limits.SleepMost
        : Time.GetElapsedTime(Now, Math.Max(Now, deadline)) + Limits.SweepPeriod;

    /// <summary>For looking only: it has sent something to that core and will wake it.</summary>
    public bool HasLeftAsleep(int peer) => _leftAsleep[peer];

    // Something was published for a core that sleeps. False: it has to be woken for that now.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryLeaveAsleep(AgentCell sender, int peer, CoreRing ring)
    {
        if (sender.EffectiveQos != Qos.Background || ring.Unread > Limits.PassiveSlots)
        {
            return false;
        }

        Counters.Passive++;
        if (!_leftAsleep[peer])
        {
            _leftAsleep[peer] = true;
            _passivesDue = _passives++ == 0 ? Time.GetTimestamp() + _tickPeriod : _passivesDue;
        }

        return true;
    }

    // After a pass. Who has been awake since then found what was sent, before it slept again.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AnnouncePassives(bool isIdle)
    {
        if (!isIdle && Time.GetTimestamp() < _passivesDue)
        {
            return;
        }

        foreach (int peer in _fanOuts.Next())
        {
            if (_leftAsleep[peer])
            {
                _leftAsleep[peer] = false;
                _passives--;
                WakeFor(Kernel.Cores[peer]);
            }
        }
    }
}

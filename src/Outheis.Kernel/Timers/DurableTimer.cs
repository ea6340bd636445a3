namespace Outheis;

/// <summary>A timer that is armed in the journal, for as long as it is. Its agent's core.</summary>
internal sealed class DurableTimer
{
    public required string Key { get; init; }

    /// <summary>Of its newest Armed record, which is the cause of what it says.</summary>
    public long Position { get; set; }

    /// <summary>What that record says.</summary>
    public ArmedRecord Record { get; set; }

    /// <summary>How often it was due, and its agent took that, since that record.</summary>
    public long Taken { get; set; }

    /// <summary>In its core's table.</summary>
    public AgentTimer Timer { get; set; }

    /// <summary>When its next time is, or was, by the uptime of this run.</summary>
    public long NextUptime => Record.UptimeTicks + (Taken * Record.PeriodTicks);
}

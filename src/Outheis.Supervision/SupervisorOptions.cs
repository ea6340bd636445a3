namespace Outheis.Supervision;

/// <summary>When a supervised agent is started again (OT-42).</summary>
public enum Restart : byte
{
    /// <summary>Always.</summary>
    Permanent = 0,

    /// <summary>Only after a failure.</summary>
    Transient,

    /// <summary>Never.</summary>
    Temporary,
}

/// <summary>How a supervisor decides. The defaults are OTP's (OT-40).</summary>
public sealed record SupervisorOptions
{
    /// <summary>Restarts allowed within <see cref="Period"/>. One more, and the supervisor gives
    /// up.</summary>
    public int Intensity { get; init; } = 1;

    /// <summary>The window in which restarts are counted, measured on the kernel's monotonic clock.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When a child is started again.</summary>
    public Restart Restart { get; init; } = Restart.Permanent;
}

namespace Outheis.Bench.Latency;

/// <summary>To the sender, once.</summary>
internal sealed class Begin
{
    public static readonly Begin Instance = new();
}

/// <summary>The sender to itself: look at the clock again.</summary>
internal sealed class Tick
{
    public static readonly Tick Instance = new();
}

/// <summary>To the receiver, by systems whose messages are objects.</summary>
internal sealed class Timed(long intended)
{
    public readonly long Intended = intended;
}

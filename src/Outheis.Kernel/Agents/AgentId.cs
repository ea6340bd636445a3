using System.Globalization;

namespace Outheis;

/// <summary>Names one agent of one kernel, and no authority: an id cannot be sent to. It names another one only after
/// all others have been handed out, which are four billion less a thousand for each that still lives.</summary>
/// <param name="Value">1 for the first agent; 0 is the host. Ids say nothing of age: each core hands out its
/// own.</param>
public readonly record struct AgentId(uint Value)
{
    /// <summary>The program that embeds the kernel, on any thread outside it.</summary>
    public static AgentId Host => default;

    /// <summary>Somebody of an earlier process, whose name nobody has now: the sender of a message that is delivered
    /// again.</summary>
    public static AgentId OfEarlierRun => new(uint.MaxValue);

    /// <inheritdoc/>
    public override string ToString() =>
        Value == 0 ? "host" : Value == uint.MaxValue ? "gone"
        : string.Create(CultureInfo.InvariantCulture, $"#{Value}");
}

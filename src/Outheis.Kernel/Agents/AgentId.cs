using System.Globalization;

namespace Outheis;

/// <summary>Names one agent of one kernel. Never reused in the kernel's life, and no authority: an id cannot
/// be sent to.</summary>
/// <param name="Value">1 for the first agent; 0 is the host.</param>
public readonly record struct AgentId(uint Value)
{
    /// <summary>The program that embeds the kernel, on any thread outside it.</summary>
    public static AgentId Host => default;

    /// <inheritdoc/>
    public override string ToString() =>
        Value == 0 ? "host" : string.Create(CultureInfo.InvariantCulture, $"#{Value}");
}

using System.Globalization;

namespace Outheis.Testing;

/// <summary>One message that came to an agent of the test.</summary>
/// <typeparam name="T">The message type.</typeparam>
/// <param name="Message">What came.</param>
/// <param name="Sender">Who sent it; the host has the id 0.</param>
/// <param name="SenderName">Its name at that time.</param>
/// <param name="Badge">Of the capability that it came through; 0 if that has none.</param>
/// <param name="At">When its handler began, on the kernel's clock.</param>
/// <param name="Step">In which step of the simulation.</param>
public readonly record struct Received<T>(
    T Message, AgentId Sender, string SenderName, ulong Badge, TimeSpan At, long Step)
{
    /// <summary>The message, and where it came from.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Words.Of(Message)} from {SenderName}{(Badge == 0 ? "" : $", badge {Badge}")}, at {At}, step {Step}");
}

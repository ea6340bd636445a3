using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>How many messages a channel holds.</summary>
/// <param name="Messages">From 1 to <see cref="Limits.ChannelMessagesMax"/>.</param>
public readonly record struct ChannelCapacity(int Messages)
{
    /// <summary>Mostly small ones, which fill up soon; and those beside which the kernel's arithmetic turns: a home
    /// share is a sixteenth, a turn and a lease are 64.</summary>
    public static Gen<ChannelCapacity> Generator { get; } = Gen.Frequency(
        (3, Gen.Elements(1, 2, 3, 15, 16, 17, 31, 32, 63, 64, 65, 1024)),
        (4, Gen.Choose(1, 100)),
        (1, Gen.Choose(1, 4096))).Select(messages => new ChannelCapacity(messages));

    /// <summary>A channel of one message is the simplest.</summary>
    public static IEnumerable<ChannelCapacity> Shrink(ChannelCapacity capacity) =>
        Smaller.Numbers(capacity.Messages, least: 1).Select(messages => new ChannelCapacity(messages));
}

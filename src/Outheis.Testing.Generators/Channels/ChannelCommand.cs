using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>What happens to a channel.</summary>
public enum ChannelVerb
{
    /// <summary>Messages are sent into it, until it is full.</summary>
    Send,

    /// <summary>Messages are taken out of it, until it is empty.</summary>
    Receive,
}

/// <summary>One step of a test of something bounded: a channel, a ring, a queue.</summary>
/// <param name="Verb">What happens.</param>
/// <param name="Count">How many times, from 1 on.</param>
public readonly record struct ChannelCommand(ChannelVerb Verb, int Count)
{
    /// <summary>Mostly a few at a time; sometimes enough to fill a ring, rarely enough to fill an ingress.</summary>
    public static Gen<ChannelCommand> Generator { get; } =
        from verb in Gen.Elements(Enum.GetValues<ChannelVerb>())
        from count in Gen.Frequency((8, Gen.Choose(1, 16)), (4, Gen.Choose(17, 300)), (1, Gen.Choose(301, 1200)))
        select new ChannelCommand(verb, count);

    /// <summary>One send is the simplest.</summary>
    public static IEnumerable<ChannelCommand> Shrink(ChannelCommand command) =>
        Smaller.Values(command.Verb).Select(verb => command with { Verb = verb })
            .Concat(Smaller.Numbers(command.Count, least: 1).Select(count => command with { Count = count }));
}

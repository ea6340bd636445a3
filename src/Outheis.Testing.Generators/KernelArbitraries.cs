using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>
/// Every generator of this package with its shrinker, for
/// <c>[Property(Arbitrary = [typeof(KernelArbitraries)])]</c>. Arrays and lists of them come from FsCheck, which leaves
/// parts out when it shrinks.
/// </summary>
public static class KernelArbitraries
{
    /// <summary>Any quality of service; <see cref="Qos.Default"/> is the simplest.</summary>
    public static Arbitrary<Qos> Qualities() => Arb.From(
        Gen.Elements(Enum.GetValues<Qos>()), qos => qos == Qos.Default ? [] : [Qos.Default]);

    /// <summary>See <see cref="CapabilityCommand.RightsGenerator"/>; none is the simplest.</summary>
    public static Arbitrary<Rights> AllRights() =>
        Arb.From(CapabilityCommand.RightsGenerator, CapabilityCommand.Shrink);

    /// <summary>See <see cref="NumberedMessage.Generator"/>.</summary>
    public static Arbitrary<NumberedMessage> NumberedMessages() =>
        Arb.From(NumberedMessage.Generator, NumberedMessage.Shrink);

    /// <summary>See <see cref="ChannelCapacity.Generator"/>.</summary>
    public static Arbitrary<ChannelCapacity> Capacities() =>
        Arb.From(ChannelCapacity.Generator, ChannelCapacity.Shrink);

    /// <summary>See <see cref="ChannelCommand.Generator"/>.</summary>
    public static Arbitrary<ChannelCommand> ChannelCommands() =>
        Arb.From(ChannelCommand.Generator, ChannelCommand.Shrink);

    /// <summary>See <see cref="CapabilityCommand.Generator"/>.</summary>
    public static Arbitrary<CapabilityCommand> CapabilityCommands() =>
        Arb.From(CapabilityCommand.Generator, CapabilityCommand.Shrink);

    /// <summary>See <see cref="SupervisionHistory.Generator"/>.</summary>
    public static Arbitrary<SupervisionHistory> SupervisionHistories() =>
        Arb.From(SupervisionHistory.Generator, SupervisionHistory.Shrink);

    /// <summary>See <see cref="FaultSchedule.Generator"/>.</summary>
    public static Arbitrary<FaultSchedule> FaultSchedules() =>
        Arb.From(FaultSchedule.Generator, FaultSchedule.Shrink);

    /// <summary>See <see cref="RunSeed.Generator"/>.</summary>
    public static Arbitrary<RunSeed> RunSeeds() => Arb.From(RunSeed.Generator, RunSeed.Shrink);

    /// <summary>See <see cref="Decisions.Generator"/>.</summary>
    public static Arbitrary<Decisions> Records() => Arb.From(Decisions.Generator, Decisions.Shrink);

    /// <summary>See <see cref="Interleaving.Generator"/>.</summary>
    public static Arbitrary<Interleaving> Interleavings() => Arb.From(Interleaving.Generator, Interleaving.Shrink);

    /// <summary>See <see cref="JournalCommand.Generator"/>.</summary>
    public static Arbitrary<JournalCommand> JournalCommands() =>
        Arb.From(JournalCommand.Generator, JournalCommand.Shrink);
}

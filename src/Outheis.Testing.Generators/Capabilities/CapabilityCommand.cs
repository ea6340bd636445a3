using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>What happens to capabilities.</summary>
public enum CapabilityVerb
{
    /// <summary>The host grants an agent a new one.</summary>
    Grant,

    /// <summary>A holder sends through it.</summary>
    Send,

    /// <summary>A holder derives one for an agent.</summary>
    Derive,

    /// <summary>It is revoked, with everything that was derived from it.</summary>
    Revoke,

    /// <summary>What was derived from it is revoked; it stays.</summary>
    RevokeDerived,

    /// <summary>An agent's incarnation ends and the next begins: what it held is gone.</summary>
    Restart,

    /// <summary>An agent ends for good.</summary>
    End,
}

/// <summary>
/// One step in the life of a small population of agents and their capabilities. A test keeps all capabilities that
/// there ever were in a list, so every part of a sequence is a sequence.
/// </summary>
/// <param name="Verb">What happens.</param>
/// <param name="Capability">Which one, of those that there were so far: take it modulo their number.</param>
/// <param name="By">Who does it, from 0 to <see cref="Agents"/> - 1; beyond: its holder.</param>
/// <param name="Agent">Whom it is for, or whom it happens to: from 0 to <see cref="Agents"/> - 1.</param>
/// <param name="Rights">Asked for.</param>
/// <param name="Badge">Asked for; 0: none.</param>
public readonly record struct CapabilityCommand(
    CapabilityVerb Verb, int Capability, int By, int Agent, Rights Rights, ulong Badge)
{
    /// <summary>Size of the population.</summary>
    public const int Agents = 6;

    /// <summary>Any rights; all of them as often as all others together, or nothing could be derived.</summary>
    public static Gen<Rights> RightsGenerator { get; } = Gen.Choose(0, 31).Select(bits => (Rights)Math.Min(bits, 15));

    /// <summary>Mostly derivations, so that trees grow; now and then something dies.</summary>
    public static Gen<CapabilityCommand> Generator { get; } =
        from verb in Gen.Frequency(
            (4, Gen.Constant(CapabilityVerb.Grant)), (6, Gen.Constant(CapabilityVerb.Send)),
            (12, Gen.Constant(CapabilityVerb.Derive)), (3, Gen.Constant(CapabilityVerb.Revoke)),
            (2, Gen.Constant(CapabilityVerb.RevokeDerived)), (2, Gen.Constant(CapabilityVerb.Restart)),
            (1, Gen.Constant(CapabilityVerb.End)))
        from capability in Gen.Choose(0, 1000)
        from actor in Gen.Choose(0, Agents + 3)
        from agent in Gen.Choose(0, Agents - 1)
        from rights in RightsGenerator
        from badge in Gen.Choose(0, 2)
        select new CapabilityCommand(verb, capability, actor, agent, rights, (ulong)badge);

    /// <summary>Whoever holds the capability or does not.</summary>
    /// <param name="holder">Of the capability that the command is about.</param>
    public int ActorOf(int holder) => By < Agents ? By : holder;

    /// <summary>Fewer rights are simpler.</summary>
    public static IEnumerable<Rights> Shrink(Rights rights) => Smaller.Rights(rights);

    /// <summary>Earlier verbs, the first capability, its own holder, the first agent, no badge.</summary>
    public static IEnumerable<CapabilityCommand> Shrink(CapabilityCommand command)
    {
        foreach (CapabilityVerb verb in Smaller.Values(command.Verb))
        {
            yield return command with { Verb = verb };
        }

        foreach (int capability in Smaller.Numbers(command.Capability))
        {
            yield return command with { Capability = capability };
        }

        foreach (int agent in Smaller.Numbers(command.Agent))
        {
            yield return command with { Agent = agent };
        }

        if (command.By != Agents)
        {
            yield return command with { By = Agents };
        }

        if (command.Badge != 0)
        {
            yield return command with { Badge = 0 };
        }

        foreach (Rights rights in Smaller.Rights(command.Rights))
        {
            yield return command with { Rights = rights };
        }
    }
}

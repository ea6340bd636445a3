namespace Outheis.Testing.Generators;

/// <summary>The capabilities that it takes to send a <see cref="NumberedMessage"/> of any kind to one agent.</summary>
/// <param name="Small">For <see cref="CarriageKind.Small"/>.</param>
/// <param name="Wide">For <see cref="CarriageKind.Wide"/>.</param>
/// <param name="Boxed">For <see cref="CarriageKind.Boxed"/>.</param>
/// <param name="Named">For <see cref="CarriageKind.Named"/>.</param>
/// <param name="Shared">For <see cref="CarriageKind.Shared"/>.</param>
public sealed record MessageWays(
    Capability<SmallMessage> Small,
    Capability<WideMessage> Wide,
    Capability<BoxedMessage> Boxed,
    Capability<NamedMessage> Named,
    Capability<SharedMessage> Shared)
{
    /// <summary>Capabilities of the host.</summary>
    /// <param name="kernel">That grants them.</param>
    /// <param name="target">Understands every kind: a <see cref="MessageReceiver"/>.</param>
    /// <param name="badge">Tells senders apart; 0: none.</param>
    public static MessageWays OfHost(Kernel kernel, AgentId target, ulong badge = 0)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return new MessageWays(
            kernel.Grant<SmallMessage>(target, badge: badge), kernel.Grant<WideMessage>(target, badge: badge),
            kernel.Grant<BoxedMessage>(target, badge: badge), kernel.Grant<NamedMessage>(target, badge: badge),
            kernel.Grant<SharedMessage>(target, badge: badge));
    }

    /// <summary>Capabilities of an agent.</summary>
    /// <param name="kernel">That grants them.</param>
    /// <param name="holder">The agent that may use them.</param>
    /// <param name="target">Understands every kind: a <see cref="MessageReceiver"/>.</param>
    /// <param name="badge">Tells senders apart; 0: none.</param>
    public static MessageWays OfAgent(Kernel kernel, AgentId holder, AgentId target, ulong badge = 0)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return new MessageWays(
            kernel.GrantTo<SmallMessage>(holder, target, badge: badge),
            kernel.GrantTo<WideMessage>(holder, target, badge: badge),
            kernel.GrantTo<BoxedMessage>(holder, target, badge: badge),
            kernel.GrantTo<NamedMessage>(holder, target, badge: badge),
            kernel.GrantTo<SharedMessage>(holder, target, badge: badge));
    }

    /// <summary>Sends from a thread outside the kernel, by capabilities of the host.</summary>
    /// <param name="numbered">What to send.</param>
    public SendResult Send(NumberedMessage numbered) => numbered.Kind switch
    {
        CarriageKind.Small => Small.Send(new SmallMessage(numbered.Number)),
        CarriageKind.Wide => Wide.Send(numbered.ToWide()),
        CarriageKind.Boxed => Boxed.Send(numbered.ToBoxed()),
        CarriageKind.Named => Named.Send(numbered.ToNamed()),
        _ => Shared.Send(new SharedMessage(numbered.Number)),
    };

    /// <summary>Sends from a turn of the agent that holds the capabilities.</summary>
    /// <param name="numbered">What to send.</param>
    /// <param name="context">Of the turn.</param>
    public SendResult Send(NumberedMessage numbered, Context context) => numbered.Kind switch
    {
        CarriageKind.Small => context.Send(Small, new SmallMessage(numbered.Number)),
        CarriageKind.Wide => context.Send(Wide, numbered.ToWide()),
        CarriageKind.Boxed => context.Send(Boxed, numbered.ToBoxed()),
        CarriageKind.Named => context.Send(Named, numbered.ToNamed()),
        _ => context.Send(Shared, new SharedMessage(numbered.Number)),
    };
}

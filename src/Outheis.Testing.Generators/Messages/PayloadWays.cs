namespace Outheis.Testing.Generators;

/// <summary>The capabilities that it takes to send a <see cref="Payload"/> of any kind to one agent.</summary>
/// <param name="Small">For <see cref="CarriageKind.Small"/>.</param>
/// <param name="Wide">For <see cref="CarriageKind.Wide"/>.</param>
/// <param name="Boxed">For <see cref="CarriageKind.Boxed"/>.</param>
/// <param name="Named">For <see cref="CarriageKind.Named"/>.</param>
/// <param name="Shared">For <see cref="CarriageKind.Shared"/>.</param>
public sealed record PayloadWays(
    Capability<SmallMessage> Small,
    Capability<WideMessage> Wide,
    Capability<BoxedMessage> Boxed,
    Capability<NamedMessage> Named,
    Capability<SharedMessage> Shared)
{
    /// <summary>Capabilities of the host.</summary>
    /// <param name="kernel">That grants them.</param>
    /// <param name="target">Understands every kind: a <see cref="PayloadReceiver"/>.</param>
    /// <param name="badge">Tells senders apart; 0: none.</param>
    public static PayloadWays OfHost(Kernel kernel, AgentId target, ulong badge = 0)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return new PayloadWays(
            kernel.Grant<SmallMessage>(target, badge: badge), kernel.Grant<WideMessage>(target, badge: badge),
            kernel.Grant<BoxedMessage>(target, badge: badge), kernel.Grant<NamedMessage>(target, badge: badge),
            kernel.Grant<SharedMessage>(target, badge: badge));
    }

    /// <summary>Capabilities of an agent.</summary>
    /// <param name="kernel">That grants them.</param>
    /// <param name="holder">The agent that may use them.</param>
    /// <param name="target">Understands every kind: a <see cref="PayloadReceiver"/>.</param>
    /// <param name="badge">Tells senders apart; 0: none.</param>
    public static PayloadWays OfAgent(Kernel kernel, AgentId holder, AgentId target, ulong badge = 0)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return new PayloadWays(
            kernel.GrantTo<SmallMessage>(holder, target, badge: badge),
            kernel.GrantTo<WideMessage>(holder, target, badge: badge),
            kernel.GrantTo<BoxedMessage>(holder, target, badge: badge),
            kernel.GrantTo<NamedMessage>(holder, target, badge: badge),
            kernel.GrantTo<SharedMessage>(holder, target, badge: badge));
    }

    /// <summary>Sends from a thread outside the kernel, by capabilities of the host.</summary>
    /// <param name="payload">What to send.</param>
    public SendResult Send(Payload payload) => payload.Kind switch
    {
        CarriageKind.Small => Small.Send(new SmallMessage(payload.Number)),
        CarriageKind.Wide => Wide.Send(payload.ToWide()),
        CarriageKind.Boxed => Boxed.Send(payload.ToBoxed()),
        CarriageKind.Named => Named.Send(payload.ToNamed()),
        _ => Shared.Send(new SharedMessage(payload.Number)),
    };

    /// <summary>Sends from a turn of the agent that holds the capabilities.</summary>
    /// <param name="payload">What to send.</param>
    /// <param name="context">Of the turn.</param>
    public SendResult Send(Payload payload, Context context) => payload.Kind switch
    {
        CarriageKind.Small => context.Send(Small, new SmallMessage(payload.Number)),
        CarriageKind.Wide => context.Send(Wide, payload.ToWide()),
        CarriageKind.Boxed => context.Send(Boxed, payload.ToBoxed()),
        CarriageKind.Named => context.Send(Named, payload.ToNamed()),
        _ => context.Send(Shared, new SharedMessage(payload.Number)),
    };
}

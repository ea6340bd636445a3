namespace Outheis.Testing.Generators;

/// <summary>An agent that understands a <see cref="Payload"/> of every kind and checks that it came whole.</summary>
public abstract class PayloadReceiver : Agent,
    IHandle<SmallMessage>, IHandle<WideMessage>, IHandle<BoxedMessage>, IHandle<NamedMessage>, IHandle<SharedMessage>
{
    /// <inheritdoc/>
    public void Handle(in SmallMessage message, Context context) =>
        OnPayload(new Payload(CarriageKind.Small, message.Number), context);

    /// <inheritdoc/>
    public void Handle(in WideMessage message, Context context)
    {
        var payload = new Payload(CarriageKind.Wide, message.Number);
        Take(payload, message == payload.ToWide(), context);
    }

    /// <inheritdoc/>
    public void Handle(in BoxedMessage message, Context context)
    {
        var payload = new Payload(CarriageKind.Boxed, message.Number);
        Take(payload, message == payload.ToBoxed(), context);
    }

    /// <inheritdoc/>
    public void Handle(in NamedMessage message, Context context)
    {
        var payload = new Payload(CarriageKind.Named, message.Number);
        Take(payload, message == payload.ToNamed(), context);
    }

    /// <inheritdoc/>
    public void Handle(in SharedMessage message, Context context)
    {
        ArgumentNullException.ThrowIfNull(message);
        OnPayload(new Payload(CarriageKind.Shared, message.Number), context);
    }

    /// <summary>A payload came, whole.</summary>
    /// <param name="payload">What was sent.</param>
    /// <param name="context">Of the turn.</param>
    protected abstract void OnPayload(Payload payload, Context context);

    /// <summary>A payload came whose parts do not belong together. Throws, which ends the incarnation.</summary>
    /// <param name="payload">As far as it can be read.</param>
    /// <param name="context">Of the turn.</param>
    protected virtual void OnDamaged(Payload payload, Context context) =>
        throw new InvalidDataException($"{payload} was changed on its way.");

    private void Take(Payload payload, bool isWhole, Context context)
    {
        if (isWhole)
        {
            OnPayload(payload, context);
        }
        else
        {
            OnDamaged(payload, context);
        }
    }
}

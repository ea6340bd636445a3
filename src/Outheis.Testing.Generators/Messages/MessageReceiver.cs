namespace Outheis.Testing.Generators;

/// <summary>An agent that understands a <see cref="NumberedMessage"/> of every kind and checks that it came whole.
/// </summary>
public abstract class MessageReceiver : Agent,
    IHandle<SmallMessage>, IHandle<WideMessage>, IHandle<BoxedMessage>, IHandle<NamedMessage>, IHandle<SharedMessage>
{
    /// <inheritdoc/>
    public void Handle(in SmallMessage message, Context context) =>
        OnMessage(new NumberedMessage(CarriageKind.Small, message.Number), context);

    /// <inheritdoc/>
    public void Handle(in WideMessage message, Context context)
    {
        var numbered = new NumberedMessage(CarriageKind.Wide, message.Number);
        Take(numbered, message == numbered.ToWide(), context);
    }

    /// <inheritdoc/>
    public void Handle(in BoxedMessage message, Context context)
    {
        var numbered = new NumberedMessage(CarriageKind.Boxed, message.Number);
        Take(numbered, message == numbered.ToBoxed(), context);
    }

    /// <inheritdoc/>
    public void Handle(in NamedMessage message, Context context)
    {
        var numbered = new NumberedMessage(CarriageKind.Named, message.Number);
        Take(numbered, message == numbered.ToNamed(), context);
    }

    /// <inheritdoc/>
    public void Handle(in SharedMessage message, Context context)
    {
        ArgumentNullException.ThrowIfNull(message);
        OnMessage(new NumberedMessage(CarriageKind.Shared, message.Number), context);
    }

    /// <summary>A message came, whole.</summary>
    /// <param name="numbered">What was sent.</param>
    /// <param name="context">Of the turn.</param>
    protected abstract void OnMessage(NumberedMessage numbered, Context context);

    /// <summary>A message came whose parts do not belong together. Throws, which ends the incarnation.</summary>
    /// <param name="numbered">As far as it can be read.</param>
    /// <param name="context">Of the turn.</param>
    protected virtual void OnDamaged(NumberedMessage numbered, Context context) =>
        throw new InvalidDataException($"{numbered} was changed on its way.");

    private void Take(NumberedMessage numbered, bool isWhole, Context context)
    {
        if (isWhole)
        {
            OnMessage(numbered, context);
        }
        else
        {
            OnDamaged(numbered, context);
        }
    }
}

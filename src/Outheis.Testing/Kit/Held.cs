namespace Outheis.Testing;

/// <summary>A capability that a puppet holds, in each of its incarnations.</summary>
/// <typeparam name="T">The message type.</typeparam>
public sealed class Held<T> : Holding
{
    private readonly Func<Endowment, Capability<T>> _renew;

    internal Held(Capability<T> first, Func<Endowment, Capability<T>> renew) => (Capability, _renew) = (first, renew);

    /// <summary>What the present incarnation holds. For use in the puppet's own turns.</summary>
    public Capability<T> Capability { get; private set; }

    internal override void Renew(Endowment endowment) => Capability = _renew(endowment);
}

/// <summary>A capability to ask that a puppet holds, in each of its incarnations.</summary>
/// <typeparam name="TRequest">The request type.</typeparam>
/// <typeparam name="TReply">The reply type.</typeparam>
public sealed class Held<TRequest, TReply> : Holding
{
    private readonly Func<Endowment, AskCapability<TRequest, TReply>> _renew;

    internal Held(
        AskCapability<TRequest, TReply> first, Func<Endowment, AskCapability<TRequest, TReply>> renew) =>
        (Capability, _renew) = (first, renew);

    /// <summary>What the present incarnation holds. For use in the puppet's own turns.</summary>
    public AskCapability<TRequest, TReply> Capability { get; private set; }

    internal override void Renew(Endowment endowment) => Capability = _renew(endowment);
}

/// <summary>Something that a puppet is given anew at each restart.</summary>
public abstract class Holding
{
    private protected Holding()
    {
    }

    internal abstract void Renew(Endowment endowment);
}

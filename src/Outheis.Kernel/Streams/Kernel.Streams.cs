namespace Outheis;

/// <summary>The right to take streams.</summary>
public sealed partial class Kernel
{
    /// <summary>Gives the host the right to take streams of an agent.</summary>
    /// <typeparam name="TRequest">What it asks with.</typeparam>
    /// <typeparam name="TItem">What comes.</typeparam>
    /// <param name="target">Who produces: implements <see cref="IProduce{TRequest, TItem}"/>.</param>
    /// <param name="rights">What the capability allows.</param>
    /// <param name="badge">Set by the kernel on each request sent through it.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    /// <param name="qos">In which class the stream is produced: the agent runs at least in this one until it is over
    /// (GC-08).</param>
    /// <exception cref="ArgumentException">No such agent, it produces no such stream, or it is durable.</exception>
    public StreamCapability<TRequest, TItem> GrantStream<TRequest, TItem>(
        AgentId target, Rights rights = Rights.Ask | Rights.Grant, ulong badge = 0, string? purpose = null,
        Qos qos = Qos.Default)
    {
        QosRules.Check(qos);
        CapabilityNode node = Mint.Stream<TRequest, TItem>(this, Outside(_host), target, rights, badge, purpose);
        node.Stamp.Qos = qos;      // before anybody has it
        return new StreamCapability<TRequest, TItem>(node);
    }

    /// <summary>As <see cref="GrantTo{T}"/>, for streams.</summary>
    /// <typeparam name="TRequest">What it asks with.</typeparam>
    /// <typeparam name="TItem">What comes.</typeparam>
    /// <param name="holder">Who may use it, for as long as its present incarnation lives.</param>
    /// <param name="target">Who produces: implements <see cref="IProduce{TRequest, TItem}"/>.</param>
    /// <param name="rights">What the capability allows.</param>
    /// <param name="badge">Set by the kernel on each request sent through it.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    public StreamCapability<TRequest, TItem> GrantStreamTo<TRequest, TItem>(
        AgentId holder, AgentId target, Rights rights = Rights.Ask, ulong badge = 0, string? purpose = null) =>
        new(Mint.Stream<TRequest, TItem>(this, Outside(Living(holder)), target, rights, badge, purpose));

    /// <inheritdoc cref="RevokeAsync{T}(Capability{T})"/>
    /// <typeparam name="TRequest">The request type.</typeparam>
    /// <typeparam name="TItem">What comes.</typeparam>
    /// <remarks>Of a stream that is under way what was let come before may still come; then it ends with
    /// <see cref="AskOutcome.Revoked"/>.</remarks>
    public Task RevokeAsync<TRequest, TItem>(StreamCapability<TRequest, TItem> capability) =>
        RevokeNode(capability.Node);
}

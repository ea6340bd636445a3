using System.Threading.Channels;

namespace Outheis;

/// <summary>
/// The right to send <typeparamref name="T"/> to one agent. Opaque: only the kernel makes them, only the
/// holder can use them. The default value is empty and denied everything.
/// </summary>
/// <typeparam name="T">The message type.</typeparam>
public readonly struct Capability<T> : IEquatable<Capability<T>>
{
    internal readonly CapabilityNode? Node;

    internal Capability(CapabilityNode? node) => Node = node;

    /// <summary>What journal and listings call it; 0 for the empty one. No authority.</summary>
    public uint Id => Node?.Id ?? 0;

    /// <summary>For the host: sends one message from a thread outside the kernel. Never blocks.</summary>
    /// <param name="message">Copied before return; an object goes by reference and must not change
    /// afterwards.</param>
    /// <returns><see cref="SendResult.Sent"/>, or why nothing was written.</returns>
    /// <remarks>Thread: any but the kernel's; inside a turn it is <see cref="SendResult.Denied"/>. Order:
    /// first in, first out per thread and target. Cost: two compare-and-swaps, 0 bytes for unmanaged
    /// structs.</remarks>
    public SendResult Send(in T message) => HostPort.Send(Node, in message);

    /// <summary>For the host: sends one message, waiting while there is no room, and for the disk where the kernel's
    /// <see cref="KernelOptions.Durability"/> is durable.</summary>
    /// <param name="message">An object goes by reference and must not change afterwards.</param>
    /// <param name="cancellationToken">Stops waiting. What was sent stays sent.</param>
    public ValueTask<SendResult> SendAsync(T message, CancellationToken cancellationToken = default) =>
        HostPort.SendAsync(Node, message, durability: null, cancellationToken);

    /// <summary>For the host: sends one message, waiting while there is no room, and until it is as durable as
    /// said.</summary>
    /// <param name="message">An object goes by reference and must not change afterwards.</param>
    /// <param name="durability">What it is to survive.</param>
    /// <param name="cancellationToken">Stops waiting. What was sent stays sent.</param>
    /// <returns><see cref="SendResult.Sent"/>: accepted, and durable if that was asked for; <see
    /// cref="SendResult.NotDurable"/>: a flush has failed before, nothing was sent.</returns>
    /// <exception cref="JournalException">Accepted, but the flush failed: it will be handled, and it is unknown what a
    /// loss of power would leave.</exception>
    /// <exception cref="InvalidOperationException">Durable, and the kernel has no journal.</exception>
    public ValueTask<SendResult> SendAsync(
        T message, Durability durability, CancellationToken cancellationToken = default) =>
        HostPort.SendAsync(Node, message, durability, cancellationToken);

    /// <summary>For the host: this capability as the writing end of a channel. Completing it does not end the
    /// agent.</summary>
    public ChannelWriter<T> AsWriter() => new CapabilityWriter<T>(this);

    /// <inheritdoc/>
    public bool Equals(Capability<T> other) => ReferenceEquals(Node, other.Node);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Capability<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Id;

    /// <summary>Whether both are the same capability.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(Capability<T> left, Capability<T> right) => left.Equals(right);

    /// <summary>Whether they are different capabilities.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(Capability<T> left, Capability<T> right) => !left.Equals(right);

    /// <inheritdoc/>
    public override string ToString() =>
        Node is null ? "no capability" : $"send {typeof(T).Name} to {Node.Target.Name}";
}

/// <summary>The right to ask one agent: send a <typeparamref name="TRequest"/> and await a
/// <typeparamref name="TReply"/>.</summary>
/// <typeparam name="TRequest">The request type.</typeparam>
/// <typeparam name="TReply">The reply type.</typeparam>
public readonly struct AskCapability<TRequest, TReply> : IEquatable<AskCapability<TRequest, TReply>>
{
    internal readonly CapabilityNode? Node;

    internal AskCapability(CapabilityNode? node) => Node = node;

    /// <summary>What journal and listings call it; 0 for the empty one. No authority.</summary>
    public uint Id => Node?.Id ?? 0;

    /// <summary>For the host: asks from a thread outside the kernel and awaits the reply.</summary>
    /// <param name="request">An object goes by reference and must not change afterwards.</param>
    /// <param name="timeout">Default 5 s (OT-31); <see cref="Timeout.InfiniteTimeSpan"/> to wait for ever.
    /// Grain: 10 ms.</param>
    /// <param name="cancellationToken">Ends the ask; the callee sees it. Exactly one completion in any case
    /// (LW-45).</param>
    /// <exception cref="AskException">No reply: denied, full, dead, timed out, failed.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public ValueTask<TReply> AskAsync(
        TRequest request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        HostPort.AskAsync<TRequest, TReply>(Node, request, timeout, cancellationToken);

    /// <inheritdoc/>
    public bool Equals(AskCapability<TRequest, TReply> other) => ReferenceEquals(Node, other.Node);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AskCapability<TRequest, TReply> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Id;

    /// <summary>Whether both are the same capability.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(AskCapability<TRequest, TReply> left, AskCapability<TRequest, TReply> right) =>
        left.Equals(right);

    /// <summary>Whether they are different capabilities.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(AskCapability<TRequest, TReply> left, AskCapability<TRequest, TReply> right) =>
        !left.Equals(right);

    /// <inheritdoc/>
    public override string ToString() =>
        Node is null ? "no capability" : $"ask {Node.Target.Name} {typeof(TRequest).Name} for {typeof(TReply).Name}";
}

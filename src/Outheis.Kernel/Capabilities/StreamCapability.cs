namespace Outheis;

/// <summary>The right to take streams of one agent: ask with a <typeparamref name="TRequest"/>, and take
/// <typeparamref name="TItem"/>s until it ends. Opaque, as <see cref="Capability{T}"/>.</summary>
/// <typeparam name="TRequest">What is asked with.</typeparam>
/// <typeparam name="TItem">What comes.</typeparam>
public readonly struct StreamCapability<TRequest, TItem> : IEquatable<StreamCapability<TRequest, TItem>>
{
    internal readonly CapabilityNode? Node;

    internal StreamCapability(CapabilityNode? node) => Node = node;

    /// <summary>What journal and listings call it; 0 for the empty one. No authority.</summary>
    public uint Id => Node?.Id ?? 0;

    /// <summary>For the host: asks for a stream from outside the kernel, to be taken with <c>await foreach</c>; as
    /// <see cref="AgentContext.StreamAsync"/>.</summary>
    /// <param name="request">An object goes by reference and must not change afterwards.</param>
    /// <param name="window">How many items the producer may be ahead; 1 to <see cref="Limits.StreamWindowMost"/>,
    /// default <see cref="Limits.StreamWindow"/>.</param>
    /// <param name="timeout">How long the wait for one item may take; default 5 s (OT-31),
    /// <see cref="Timeout.InfiniteTimeSpan"/> for a stream that may be silent. Grain: 10 ms.</param>
    /// <returns>Nothing is asked before the first item is; each enumeration is a stream of its own, taken by one thread
    /// at a time. A token is given with <see cref="TaskAsyncEnumerableExtensions.WithCancellation{T}"/>.</returns>
    /// <remarks>Thread: any but the kernel's; inside a turn it is denied. Order: as produced. Where the kernel's
    /// <see cref="KernelOptions.Durability"/> is durable an item comes when the disk has it, as a reply does. Cost: an
    /// allocation or three per stream; a lock and 0 bytes per item; a message to the producer for every half window.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">No such window.</exception>
    /// <exception cref="AskException">While it is taken: denied, full, dead, timed out, failed, revoked.</exception>
    /// <exception cref="OperationCanceledException">While it is taken: the token fired.</exception>
    public IAsyncEnumerable<TItem> StreamAsync(
        TRequest request, int window = Limits.StreamWindow, TimeSpan? timeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, Limits.StreamWindowMost);
        return new HostStreamSource<TRequest, TItem>(Node, request, window, timeout ?? Limits.AskTimeout);
    }

    /// <inheritdoc/>
    public bool Equals(StreamCapability<TRequest, TItem> other) => ReferenceEquals(Node, other.Node);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StreamCapability<TRequest, TItem> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Id;

    /// <summary>Whether both are the same capability.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(
        StreamCapability<TRequest, TItem> left, StreamCapability<TRequest, TItem> right) => left.Equals(right);

    /// <summary>Whether they are different capabilities.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(
        StreamCapability<TRequest, TItem> left, StreamCapability<TRequest, TItem> right) => !left.Equals(right);

    /// <inheritdoc/>
    public override string ToString() => Node is null ? "no capability"
        : $"stream {typeof(TItem).Name} of {Node.Target.Name} for {typeof(TRequest).Name}";
}

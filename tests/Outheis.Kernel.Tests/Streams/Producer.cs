namespace Outheis.Tests.Streams;

/// <summary>Produces what the test says.</summary>
internal sealed class Producer<TRequest, TItem>(
    Func<TRequest, AgentContext, CancellationToken, IAsyncEnumerable<TItem>> produce)
    : Puppet, IProduce<TRequest, TItem>
{
    public IAsyncEnumerable<TItem> ProduceAsync(
        TRequest request, AgentContext context, CancellationToken cancellationToken) =>
        produce(request, context, cancellationToken);
}

/// <summary>What became of the producer's side of streams.</summary>
internal sealed class ProducerLog
{
    /// <summary>Items that were produced, whoever took them.</summary>
    public int Produced { get; set; }

    /// <summary>Enumerators that were disposed, and whether their tokens had fired.</summary>
    public List<bool> Disposed { get; } = [];
}

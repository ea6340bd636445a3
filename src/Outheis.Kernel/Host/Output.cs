using System.Threading.Channels;

namespace Outheis;

/// <summary>
/// What agents write for the host to read, as a <see cref="ChannelReader{T}"/>. Bounded end to end: when the
/// host does not read, the writers' sends become <see cref="SendResult.Full"/>. From
/// <see cref="Kernel.OpenOutput{T}"/>.
/// </summary>
/// <typeparam name="T">The message type.</typeparam>
public sealed class Output<T>
{
    internal Output(AgentId agent, ChannelReader<T> reader)
    {
        Agent = agent;
        Reader = reader;
    }

    /// <summary>The agent behind it. Grant it to writers.</summary>
    public AgentId Agent { get; }

    /// <summary>The host's end. Completes when the kernel stops.</summary>
    public ChannelReader<T> Reader { get; }
}

/// <summary>Moves what it is sent into a channel, and takes no more while that is full.</summary>
internal sealed class OutputAgent<T>(ChannelWriter<T> writer) : Agent, IHandleAsync<T>, IOutputAgent
{
    public ValueTask HandleAsync(T message, AgentContext context, CancellationToken cancellationToken) =>
        writer.TryWrite(message) ? ValueTask.CompletedTask : writer.WriteAsync(message, cancellationToken);

    protected internal override void OnStop(ExitReason reason) =>
        writer.TryComplete(reason.Exception is OperationCanceledException ? null : reason.Exception);
}

/// <summary>An end of the kernel and no program of its own.</summary>
internal interface IOutputAgent;

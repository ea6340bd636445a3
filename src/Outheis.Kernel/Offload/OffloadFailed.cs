namespace Outheis;

/// <summary>Comes to an agent in the place of a result when what it offloaded threw. Every agent that offloads handles
/// it.</summary>
public sealed class OffloadFailed
{
    /// <param name="resultType">The type of the result that it was to give.</param>
    /// <param name="key">As it was given to <see cref="Context.Offload{TState, TResult}"/>.</param>
    /// <param name="exception">What it threw.</param>
    public OffloadFailed(string resultType, ulong key, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        (ResultType, Key, Exception) = (resultType, key, exception);
    }

    /// <summary>The type of the result that will not come, by its simple name.</summary>
    public string ResultType { get; }

    /// <summary>Which work it was, as the agent said when it offloaded it; 0 unless it did.</summary>
    public ulong Key { get; }

    /// <summary>What the work threw; an <see cref="OperationCanceledException"/> if its token had fired. In a replay a
    /// <see cref="RecordedException"/> stands in its place.</summary>
    public Exception Exception { get; }

    /// <inheritdoc/>
    public override string ToString() => $"no {ResultType} of {Key}: {new ExitReason(ExitKind.Error, Exception)}";
}

/// <summary>As a journal has it.</summary>
internal sealed record RecordedOffloadFailure(string ResultType, ulong Key, string Exception, string Message)
{
    public static RecordedOffloadFailure Of(OffloadFailed failed)
    {
        RecordedException exception = RecordedException.Of(failed.Exception);
        return new RecordedOffloadFailure(failed.ResultType, failed.Key, exception.TypeName, exception.Message);
    }

    public OffloadFailed Recall() => new(ResultType, Key, new RecordedException(Exception, Message));
}

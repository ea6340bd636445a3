namespace Outheis;

/// <summary>Loops that several threads run.</summary>
public sealed partial class Kernel
{
    /// <summary>Runs a body once for each number from 0 on, in any order, on the calling thread and on those of the
    /// pool for offloaded work that are free (GC-15). Returns when all is done. Within a body another loop may be run.
    /// </summary>
    /// <param name="count">How often.</param>
    /// <param name="body">Runs outside of every agent, on several threads at once.</param>
    /// <param name="qos">In which class the other threads are asked for.</param>
    /// <param name="cancellationToken">Once it fires no further body begins.</param>
    /// <remarks>Blocks the calling thread, so it is refused on a core: agents use <see cref="Context.Apply{TState}"/>.
    /// Cost: a few objects, and a wake for each thread that takes part, at most as many as processors. Numbers are
    /// handed out some at a time.</remarks>
    /// <exception cref="AggregateException">What bodies threw, 64 of it at most; all others ran.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="InvalidOperationException">This is a core's thread.</exception>
    public void Apply(
        int count, Action<int> body, Qos qos = Qos.Default, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(body);
        QosRules.Check(qos);
        AssertNotOnCore();
        cancellationToken.ThrowIfCancellationRequested();
        if (count == 0)
        {
            return;
        }

        int processors = Platform.Host.Processors;
        int chunk = Math.Max(1, count / (processors * Limits.ApplyChunks));
        var loop = new ApplyLoop(count, chunk, body, cancellationToken);
        for (long helpers = Math.Min(processors, (count + (long)chunk - 1) / chunk) - 1; helpers > 0; helpers--)
        {
            if (OffloadPool.TryPut(new ApplyHelper(loop) { Qos = qos }) != OffloadResult.Accepted)
            {
                break;      // it comes to the end without them
            }
        }

        loop.Run();
        loop.Finish();
    }

    /// <summary>As <see cref="Apply"/>, by threads of the pool alone.</summary>
    /// <param name="count">How often.</param>
    /// <param name="body">Runs outside of every agent, on several threads at once.</param>
    /// <param name="qos">In which class the threads are asked for.</param>
    /// <param name="cancellationToken">Once it fires no further body begins.</param>
    /// <returns>Done when all is; cancelled too if the kernel stops before.</returns>
    /// <exception cref="OffloadException">Too much work waits, or the kernel has stopped.</exception>
    public Task ApplyAsync(
        int count, Action<int> body, Qos qos = Qos.Default, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(body);
        RequireOutside();
        var root = new ApplyRoot(this, count, body, cancellationToken) { Qos = QosRules.Check(qos) };
        OffloadResult result = OffloadPool.TryPut(root);
        return result == OffloadResult.Accepted ? root.Task : throw new OffloadException(result, "The host");
    }
}

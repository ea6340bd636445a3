namespace Outheis.Testing;

/// <summary>
/// Stands for whoever the agent under test sends to, and writes down what comes: what an agent gets in its endowment
/// instead of a real receiver. From <see cref="SimulationKit.Probe{T}"/>.
/// </summary>
/// <typeparam name="T">What it handles.</typeparam>
public sealed class Probe<T> : Recorder<T>
{
    private TaskCompletionSource? _held;

    internal Probe(Simulation simulation, string name, SpawnOptions? options)
        : base(simulation, name) =>
        Agent = simulation.Kernel.Spawn(name, () => new Writer(this), options);

    /// <summary>Takes one more message at most, and none after it, until <see cref="Release"/>: its channel fills, and
    /// senders see <see cref="SendResult.Full"/>.</summary>
    public void Hold() => _held ??= new TaskCompletionSource();

    /// <summary>Goes on taking messages.</summary>
    public void Release()
    {
        TaskCompletionSource? held = _held;
        _held = null;
        held?.SetResult();
    }

    private sealed class Writer(Probe<T> probe) : Agent, IHandleAsync<T>
    {
        public async ValueTask HandleAsync(T message, AgentContext context, CancellationToken cancellationToken)
        {
            probe.Record(message, context.Sender, context.Badge);
            while (probe._held is { } held)
            {
                await held.Task.WaitAsync(cancellationToken).ConfigureAwait(true);
            }
        }
    }
}

namespace Outheis;

/// <summary>Moving agents between cores.</summary>
public sealed partial class Kernel
{
    private int _movesUnderWay;
    private int _keepsAgents;

    /// <summary>Agents between two cores. Who has something that was sent to the new home of one of them counts
    /// it.</summary>
    internal int MovesUnderWay => Volatile.Read(ref _movesUnderWay);

    internal void NoteMoves(int more) => Interlocked.Add(ref _movesUnderWay, more);

    /// <summary>The kernel ends: agents stay where they are.</summary>
    internal bool KeepsAgents => Volatile.Read(ref _keepsAgents) != 0;

    /// <summary>
    /// Moves an agent to another core, by give-away and acquire (LW-08, LW-09). Its channel, its timers and its state
    /// go with it; of each sender the messages come in the order of their sending, as if it had stayed (INV-02).
    /// </summary>
    /// <param name="agent">Who. One whose core was chosen by <see cref="SpawnOptions.Core"/> is moved likewise, and
    /// stays there then.</param>
    /// <param name="core">Where to, from 0.</param>
    /// <returns>Done when it is there: it leaves when none of its turns is under way, nothing that it awaits, and no
    /// work that it offloaded; then it takes one round through all cores, some microseconds where none of them is at a
    /// long handler. False: it has ended for good, or the kernel stops.</returns>
    /// <exception cref="InvalidOperationException">It cannot move: it shares an <see cref="Exclusion"/>, or is a
    /// durable agent in a kernel with a journal.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such core.</exception>
    public Task<bool> MoveAgentAsync(AgentId agent, int core)
    {
        RequireOutside();
        Core to = CoreAt(core);
        if (Agents.Find(agent.Value) is not { } cell)
        {
            return Task.FromResult(false);
        }

        if (Migration.StaysFor(cell) is { } reason)
        {
            throw Migration.Staying(cell, reason);
        }

        var done = new MoveSignal(Platform.Host);
        cell.Core.Post(new Migration(cell, to, waits: true, done));
        return OrFalse(done.Task);
    }

    internal void KeepAgents() => Volatile.Write(ref _keepsAgents, 1);      // before each core hears of it by an op
}

namespace Outheis;

/// <summary>Agents that are made within a turn.</summary>
internal sealed unsafe partial class Core
{
    private Births _births;

    // A turn, or the start of an agent that was made in one.
    private bool RunNext()
    {
        if (!_births.IsEmpty && _births.Take(somebodyIsReady: !_ready.IsEmpty) is { } born)
        {
            born.Run(this);
            return true;
        }

        if (_ready.Take() is not { } agent)
        {
            return false;
        }

        _births.BeginTurn();
        RunTurn(agent);
        return true;
    }

    public SpawnResult Spawn<TSeed>(AgentCell self, SpawnRight<TSeed>? by, TSeed seed, out AgentId child)
    {
        if (Replay?.Spawned() is { } recorded)
        {
            child = recorded;
            return recorded == AgentId.Host ? SpawnResult.Denied : SpawnResult.Spawned;
        }

        SpawnResult result = by is null || !by.Allows(self) ? SpawnResult.Denied
            : Kernel.IsStopping ? SpawnResult.Stopping
            : SpawnResult.Spawned;
        child = default;
        if (result == SpawnResult.Spawned)
        {
            var factory = new SeededFactory<TSeed>(by!.Factory, seed);
            AgentCell agent = Kernel.SpawnInTurn(by.Core ?? this, by.Name, factory, in by.Shape);
            child = agent.Id;
            if (ReferenceEquals(agent.Core, this))
            {
                _births.Put(agent);
            }
            else
            {
                agent.Core.Post(agent);
            }
        }

        NoteObserved(ObservedRecord.Child, child.Value);
        return result;
    }
}

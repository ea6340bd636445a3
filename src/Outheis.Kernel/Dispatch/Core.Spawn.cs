namespace Outheis;

/// <summary>Agents that are made within a turn.</summary>
internal sealed unsafe partial class Core
{
    private const int LowTurnCounts = Limits.TurnsPerPass / Limits.LowTurnsPerPass;      // for so many turns of a pass

    private Births _births;      // by the constructor
    private long _lastBirth;     // the greatest of those that live here or have lived here

    /// <summary>Any thread: a number for an agent that is made now to live here. Of two of one core the younger has the
    /// greater one, or the same and the greater id. Ids alone do not tell, since each core hands out its own.</summary>
    public long NextBirth => Volatile.Read(ref _lastBirth) + 1;

    /// <summary>The agent lives here from now on: who is made later is younger.</summary>
    public void NoteBirth(AgentCell agent) =>
        Volatile.Write(ref _lastBirth, Math.Max(_lastBirth, agent.Birth));      // NextBirth may be of a moment ago

    // A turn, or the start of an agent that was made in one. Returns how much of a pass it counts for; 0: nobody is
    // ready. Low classes count for more: what a higher one is sent meanwhile waits for the next pass.
    private int RunNext()
    {
        if (!_births.IsEmpty && _births.Take(somebodyIsReady: !_ready.IsEmpty) is { } born)
        {
            born.Run(this);
            return 1;
        }

        if (_ready.Take() is not { } agent)
        {
            return 0;
        }

        _births.BeginTurn();
        if (agent.EffectiveQos >= Qos.Default)
        {
            RunTurn(agent, Limits.TurnMessages);
            return 1;
        }

        bool isShared = _ready.HasOthersThan(agent.ReadyBand) || !_births.IsEmpty;
        RunTurn(agent, isShared ? Limits.TurnMessages : Limits.LowTurnMessages);
        return LowTurnCounts;
    }

    public SpawnResult Spawn<TSeed>(AgentCell self, SpawnRight<TSeed>? by, TSeed seed, out AgentId child)
    {
        if (Replay?.Spawned() is { } recorded)
        {
            child = recorded.Child;
            return recorded.Outcome != ChildRecord.Threw ? recorded.Outcome : throw new InvalidOperationException(
                $"The factory of {self.Name}'s child threw, or made what is not to be made within a turn.");
        }

        self = self.Factory is null && Replay?.Actor is { } actor ? actor : self;
        SpawnResult result = by is null || !by.Allows(self) ? SpawnResult.Denied
            : Kernel.IsStopping ? SpawnResult.Stopping
            : SpawnResult.Spawned;
        child = default;
        try
        {
            if (result == SpawnResult.Spawned)
            {
                child = MakeChild(by!, seed);
            }
        }
        catch
        {
            NoteObserved(ObservedRecord.Child, ChildRecord.Of(ChildRecord.Threw, default));
            throw;
        }

        NoteObserved(ObservedRecord.Child, ChildRecord.Of(result, child));
        return result;
    }

    private AgentId MakeChild<TSeed>(SpawnRight<TSeed> by, TSeed seed)
    {
        AgentCell agent = Kernel.SpawnInTurn(by.Core ?? this, by, seed);
        if (ReferenceEquals(agent.Core, this))
        {
            NoteBirth(agent);
            _births.Put(agent);
        }
        else
        {
            agent.Core.Post(agent);
        }

        return agent.Id;
    }
}

/// <summary>What a journal has of a spawn within a turn: who was made, and above that what came of it.</summary>
internal readonly record struct ChildRecord(SpawnResult Outcome, AgentId Child)
{
    /// <summary>The factory's exception went to the handler.</summary>
    public const SpawnResult Threw = (SpawnResult)3;

    public static long Of(SpawnResult result, AgentId child) => ((long)result << 32) | child.Value;

    public override string ToString() => Outcome switch
    {
        SpawnResult.Spawned => $"the new agent {Child}",
        Threw => "no new agent: its factory threw",
        _ => $"no new agent: {Outcome}",
    };

    public static ChildRecord From(long value) => new((SpawnResult)(value >> 32), new AgentId((uint)value));
}

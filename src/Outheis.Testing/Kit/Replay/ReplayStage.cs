namespace Outheis.Testing;

/// <summary>
/// A simulation in which one agent is given again what it was given before, one message after another, by stand-ins
/// for everybody that it knew. It has a journal of its own: what the agent does now is read there, as the recorded
/// deeds were.
/// </summary>
internal sealed class ReplayStage : IDisposable
{
    private const int SegmentBytes = 4 << 20;      // more than the longest record

    private static readonly TimeSpan SettlesWithin = TimeSpan.FromHours(1);

    private readonly RecordedAgent _recorded;
    private readonly JournalReader _journal;
    private readonly AgentId _supervisor;
    private readonly AgentId _agent;
    private readonly Dictionary<(string Name, Type Type), AgentId> _standIns = [];
    private readonly Dictionary<AgentId, Puppet<Nothing>> _senders = [];
    private readonly Dictionary<(AgentId Sender, Type Type, ulong Badge), Holding> _ways = [];
    private readonly List<long> _given = [];        // where the messages given so far are in this stage's journal

    public ReplayStage(RecordedAgent recorded, RecordedTypes types, Func<ReplayEndowment, Agent> factory)
    {
        (_recorded, Types) = (recorded, types);
        var disk = new SimulatedDisk();
        Simulation = new Simulation(new Choices([]), new SimulationOptions
        {
            Cores = 1,
            Disk = disk,
            SegmentBytes = SegmentBytes,
            Codecs = types.Codecs,
            InterruptOneIn = 0,
            TimeMovesOneIn = 0,
            UnevenCores = false,
        });
        try
        {
            _journal = disk.ReadJournal(Simulation.JournalDirectory);
            _supervisor = Simulation.Overseer().Agent;
            _agent = Simulation.Kernel.Spawn(
                recorded.Name, endowment => factory(new ReplayEndowment(this, endowment)),
                new SpawnOptions { Supervisor = _supervisor, Core = 0 });
            Settle();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Simulation Simulation { get; }

    public RecordedTypes Types { get; }

    /// <summary>What the agent did so far, in order.</summary>
    public List<RecordedEffect> Effects { get; } = [];

    public void Dispose()
    {
        _journal?.Dispose();
        Simulation.Dispose();
    }

    /// <summary>Gives the agent one message, at the wall time of the record, and runs until it is done with
    /// it.</summary>
    public void Give(RecordedMessage message)
    {
        TimeSpan jump = message.Time - Simulation.Time.GetUtcNow();
        Simulation.Time.JumpWallClock(jump);
        Simulation.ApplicationTime.JumpWallClock(jump);
        if (message.IsRequest)
        {
            Types.FindAsk(message.Entry).Ask(this, message.Entry);
        }
        else
        {
            Types.Find(message.Entry).Send(this, message.Entry);
        }

        Settle();
    }

    /// <summary>Where the n-th message that was given is in this stage's journal.</summary>
    public long PositionOf(int given) => given < _given.Count ? _given[given] : 0;

    public void Send<T>(JournalEntry recorded, T message)
    {
        if (recorded.Sender == AgentId.Host)
        {
            Simulation.Tell(_agent, message, recorded.Badge);
            return;
        }

        Puppet<Nothing> sender = SenderOf(recorded);
        Held<T> way = Way(recorded, () => sender.Holds<T>(_agent, badge: recorded.Badge));
        sender.Do(context => context.SendAsync(way.Capability, message));
    }

    public void Ask<TRequest, TReply>(JournalEntry recorded, TRequest request)
    {
        if (recorded.Sender == AgentId.Host)
        {
            AskCapability<TRequest, TReply> ask =
                Simulation.Kernel.GrantAsk<TRequest, TReply>(_agent, badge: recorded.Badge);
            Simulation.Run(() =>
            {
                _ = Forget(ask.AskAsync(request, Timeout.InfiniteTimeSpan));
                return Task.CompletedTask;
            });
            return;
        }

        Puppet<Nothing> sender = SenderOf(recorded);
        Held<TRequest, TReply> way = Way(
            recorded, () => sender.HoldsAsk<TRequest, TReply>(_agent, badge: recorded.Badge));
        sender.Do(context =>
        {
            _ = Forget(context.AskAsync(way.Capability, request, Timeout.InfiniteTimeSpan));
            return ValueTask.CompletedTask;
        });
    }

    public AgentId StandIn<T>(string name) => StandIn(name, typeof(T), () => new Taker<T>());

    public AgentId StandIn<TRequest, TReply>(string name)
    {
        var asks = new Queue<RecordedEffect>(_recorded.Effects.Where(effect => effect.Kind == EffectKind.Asked
            && effect.Entry.TargetName == name && effect.Entry.TypeName == MessageLayout.SimpleNameOf<TRequest>()));
        return StandIn(
            name, typeof((TRequest, TReply)), () => new Answerer<TRequest, TReply>(asks, Types));
    }

    private AgentId StandIn(string name, Type type, Func<Agent> make)
    {
        if (!_standIns.TryGetValue((name, type), out AgentId agent))
        {
            agent = Simulation.Kernel.Spawn(name, make, new SpawnOptions { Supervisor = _supervisor });
            _standIns.Add((name, type), agent);
        }

        return agent;
    }

    private Puppet<Nothing> SenderOf(JournalEntry recorded)
    {
        if (!_senders.TryGetValue(recorded.Sender, out Puppet<Nothing>? sender))
        {
            sender = Simulation.Puppet<Nothing>(recorded.SenderName ?? recorded.Sender.ToString());
            _senders.Add(recorded.Sender, sender);
        }

        return sender;
    }

    private THolding Way<THolding>(JournalEntry recorded, Func<THolding> make)
        where THolding : Holding
    {
        (AgentId, Type, ulong) key = (recorded.Sender, typeof(THolding), recorded.Badge);
        if (!_ways.TryGetValue(key, out Holding? way))
        {
            way = make();
            _ways.Add(key, way);
        }

        return (THolding)way;
    }

    /// <summary>Runs until the agent's turn is over; time moves on while it awaits something.</summary>
    private void Settle()
    {
        TimeSpan end = Simulation.Time.Now + SettlesWithin;
        do
        {
            Simulation.RunUntilIdle();
        }
        while (Simulation.Kernel.Agents.Find(_agent.Value)?.State == AgentState.Waiting && Simulation.MoveTimeOn(end));
        foreach (JournalEntry entry in _journal.Read())
        {
            if (entry.Kind == JournalKind.Sent && entry.Target == _agent && entry.Capability != 0)
            {
                _given.Add(entry.Position);
            }
            else if (RecordedEffect.Of(entry, _agent) is { } effect)
            {
                Effects.Add(effect);
            }
            else if (entry.Kind == JournalKind.Exited && entry.Target == _agent)
            {
                RecordedEffect.NoteExit(Effects, entry);
            }
        }
    }

    /// <summary>The reply is read in the journal; an ask that fails has failed there too.</summary>
    private static async Task Forget<TReply>(ValueTask<TReply> reply)
    {
        try
        {
            await reply.ConfigureAwait(true);
        }
        catch (AskException)
        {
        }
    }

    private readonly record struct Nothing;

    private sealed class Taker<T> : Agent, IHandle<T>
    {
        public void Handle(in T message, Context context)
        {
        }
    }

    /// <summary>Answers as it was answered. An ask that the journal does not have is a divergence already: it gets no
    /// answer.</summary>
    private sealed class Answerer<TRequest, TReply>(Queue<RecordedEffect> asks, RecordedTypes types)
        : Agent, IAnswerAsync<TRequest, TReply>
    {
        public async ValueTask<TReply> AnswerAsync(
            TRequest request, AgentContext context, CancellationToken cancellationToken)
        {
            JournalEntry? end = asks.TryDequeue(out RecordedEffect? ask) ? ask.End : null;
            if (end is { Kind: JournalKind.Replied })
            {
                return !end.IsFailure ? types.Find<TReply>(end).Read(end) : throw new InvalidOperationException(
                    $"This ask failed when it was recorded, at {Recording.Place(end.Position)}.");
            }

            await GivenUp.Told(cancellationToken).ConfigureAwait(true);
            return default!;      // nobody waits for it
        }
    }
}

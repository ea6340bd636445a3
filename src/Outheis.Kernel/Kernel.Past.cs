namespace Outheis;

/// <summary>What a kernel does about the runs before it.</summary>
public sealed partial class Kernel
{
    private readonly Lock _pastLock = new();
    private readonly JournalPast? _past;      // null: there is no journal
    private readonly HashSet<string> _durableNames = new(StringComparer.Ordinal);      // _pastLock
    private bool _hasDurableAgents;      // there is a name among them; _pastLock to write, any thread looks

    /// <summary>What became of the messages that earlier processes accepted and did not handle.</summary>
    public RedeliveryReport Redelivered { get; } = new();

    /// <summary>The state that a durable agent had after it handled the message at a position (ES-01).</summary>
    /// <typeparam name="TState">Its state.</typeparam>
    /// <param name="agent">A living durable agent; its factory makes the instance that the past is handed to, with
    /// capabilities that reach nobody.</param>
    /// <param name="position">Of a message that it, or a namesake of an earlier run, took.</param>
    /// <remarks>Thread: a pool thread reads the journal up to there and handles what was taken since the snapshot
    /// before. Nothing is sent.</remarks>
    /// <exception cref="ArgumentException">It is no such agent, or took no such message.</exception>
    public Task<TState> RebuildAsync<TState>(AgentId agent, long position)
    {
        AgentCell cell = Outside(Living(agent));
        return RebuildAsync<TState>(cell, new LedgerEnd(cell.Name, position, null));
    }

    /// <summary>The state that a durable agent had at a time: after all that it had taken until then (ES-01).</summary>
    /// <typeparam name="TState">Its state.</typeparam>
    /// <param name="agent">A living durable agent.</param>
    /// <param name="time">Wall time, as the journal has it: to the millisecond.</param>
    /// <exception cref="ArgumentException">It is no such agent, or did not live then.</exception>
    public Task<TState> RebuildAsync<TState>(AgentId agent, DateTimeOffset time)
    {
        AgentCell cell = Outside(Living(agent));
        return RebuildAsync<TState>(cell, new LedgerEnd(cell.Name, null, time));
    }

    private Task<TState> RebuildAsync<TState>(AgentCell cell, LedgerEnd end) => Platform.Host.Run(async () =>
    {
        await FlushNotesAsync(cell.Core).ConfigureAwait(true);
        return Rebuild<TState>(cell, end);
    });

    // What was taken is told in batches: those of this core up to now are to be read.
    private Task FlushNotesAsync(Core core)
    {
        var told = new TellTaken(new HostSignal(Platform.Host));
        core.Post(told);
        return OrStopped(told.Done.Task);
    }

    private TState Rebuild<TState>(AgentCell cell, LedgerEnd end)
    {
        if (_journal is null || cell.Instance is not DurableAgent<TState>)
        {
            throw new ArgumentException(
                $"{cell.Name} is no durable agent with a state of {typeof(TState).Name}, or there is no journal.");
        }

        AgentPast? past = ReadPast(end);
        if (past?.Snapshot is null || (end.Position is { } position && !past.Has(position)))
        {
            throw new ArgumentException(
                end.Time is { } time ? $"{cell.Name} did not live at {time:O}, or the journal no longer tells."
                    : $"{cell.Name} took no message at {end.Position}, or the journal no longer tells its state then.");
        }

        past.IsCut = false;
        using var aside = new Core(this, 0, 1, tap: null);
        var ghost = new AgentCell(this, aside, cell.Id, cell.GivenName, cell.Factory, null, cell.Qos, 1)
        {
            IsGhost = true,
        };
        aside.Enter();
        try
        {
            ghost.Instance = ghost.Construct();
            ghost.Durable = ghost.Instance.MakeDurable();
            Refold.Run(aside, ghost, past, Options.Codecs);
            return ((DurableAgent<TState>)ghost.Instance).State;
        }
        finally
        {
            Core.Leave();
            Capabilities.ReleaseHeld(ghost);
        }
    }

    /// <summary>What an agent has left in the journal by now; null: nothing. Costs what was written since the ledger
    /// was brought up to date last. Any thread that may read files.</summary>
    internal AgentPast? ReadPast(string name) => _past?.Newest(name);

    private AgentPast? ReadPast(LedgerEnd end)
    {
        using LedgerReader reader = LedgerReader.Open(
            Platform.Disk, Path.GetFullPath(Options.JournalDirectory!), FullPath(Options.ArchiveDirectory),
            useCheckpoint: false);
        reader.CatchUp(end: end);
        return reader.Find(end.Name);
    }

    /// <summary>What is older than the retention is nowhere any more.</summary>
    internal bool GivesUpSegments => Options.Retention.IsBounded && Options.ArchiveDirectory is null;

    private JournalPast OpenPast(JournalDirectory journal)
    {
        try
        {
            var past = JournalPast.Open(
                Platform.Disk, Path.GetFullPath(Options.JournalDirectory!), FullPath(Options.ArchiveDirectory),
                Platform.Host, HasRoomToFollow, Options.SegmentBytes);
            journal.WhenSegmentLeft(past.Signal);
            if (GivesUpSegments)
            {
                journal.WhenSegmentLeft(KeepStates);
            }

            return past;
        }
        catch (IOException failure)
        {
            journal.Abandon();
            throw failure as JournalException ?? new JournalException(
                $"The journal {Options.JournalDirectory} was opened, but what earlier runs left could not be read: "
                + $"{failure.Message}", failure);
        }
    }

    // A processor has nothing to do; or the ledger may not fall behind, since a durable agent's restart waits for it.
    // Where it is not yet known what the cores do, they do nothing.
    internal bool HasRoomToFollow() => Volatile.Read(ref _hasDurableAgents)
        || Cores is null || Environment.ProcessorCount > Cores.Length
        || Array.Exists(Cores, static core => core is null or { Parker.IsAnnounced: true });

    private void KeepStates()
    {
        if (Volatile.Read(ref _hasDurableAgents))
        {
            Outheis.KeepStates.Everywhere(this);
        }
    }

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);

    // The host's thread, before the agent is on its core.
    private void TakePast(AgentCell agent)
    {
        DurableFace? durable = _journal is null ? null : agent.Instance!.MakeDurable();
        if (durable is not null)
        {
            RequireWritable(agent, durable);
        }

        lock (_pastLock)
        {
            if (durable is not null && _durableNames.Contains(agent.GivenName!))
            {
                throw new ArgumentException(
                    $"A durable agent named {agent.GivenName} has been spawned already; their states would mix.");
            }

            agent.Past = _past?.Take(agent.GivenName);
            if (durable is not null)
            {
                _durableNames.Add(agent.GivenName!);
                Volatile.Write(ref _hasDurableAgents, true);
            }
        }
    }

    private void RequireWritable(AgentCell agent, DurableFace durable)
    {
        if (agent.GivenName is null || agent.GivenName.StartsWith('#'))
        {
            throw new ArgumentException("A durable agent needs a name, by which its next life finds its state.");
        }

        if (!durable.CanBeWritten(Options.Codecs))
        {
            throw new ArgumentException(
                $"The state of {agent.GivenName}, {durable.StateType.Name}, is no unmanaged struct and has no codec: "
                + "give KernelOptions.Codecs one with AddJson.");
        }
    }

    private sealed class TellTaken(HostSignal done) : KernelOp
    {
        public HostSignal Done => done;

        public override void Run(Core core)
        {
            core.Tap?.Flush();
            done.Set();
        }
    }
}

namespace Outheis;

/// <summary>
/// Handles the messages of a journal once more, offline: one agent or the whole kernel, as fast as the handlers go, or
/// step by step. Nothing is sent and no effect runs (ES-05, INV-33); what the handlers do is compared with what the
/// journal says, and the first difference ends the replay (ES-20).
/// </summary>
/// <remarks>
/// <para>Thread: one at a time, any; handlers and factories run on it. The journal is only read, and may be in use.
/// </para>
/// <para>Order: that in which each agent took its messages. Among agents: the journal's causal order, as far as a turn
/// was over.</para>
/// <para>Cost: one pass over the journal; memory for the turns under way and the messages that wait.</para>
/// <para>Agents are joined by name. What the journal does not have is not repeated: clock, chance and refusals of plain
/// agents (but see <see cref="KernelOptions.RecordInputs"/>), capabilities in messages, whether an asker had given up.
/// Asks of one turn that ran at the same time are answered in the order of the asking.</para>
/// </remarks>
public sealed class JournalReplay : IDisposable
{
    private const int LookAheadRecords = 1 << 16;      // for the ends of turns that began before a stop

    private const int RecordsPerLook = 1 << 12;        // between two looks at the token; power of two

    private readonly Kernel _kernel;
    private readonly ReplaySource _source;
    private readonly ReplayCast _cast;
    private readonly ReplayRunner _runner;

    private JournalReplay(
        JournalReader journal, int lanes, Action<Kernel> program, ReplayOptions options, bool keepsAll)
    {
        _kernel = new Kernel(
            new KernelOptions
            {
                Cores = lanes, Pin = false, Codecs = options.Codecs, Seed = 0, Unsupervised = static _ => { },
            },
            new Platform(new NoThreads(), SystemHostThreads.Instance, SystemJournalDisk.Instance));
        try
        {
            program(_kernel);
            _cast = new ReplayCast(_kernel, options);
        }
        catch
        {
            _kernel.Abandon();
            throw;
        }

        _source = new ReplaySource(journal, _cast, options.Codecs) { KeepsAll = keepsAll };
        _runner = new ReplayRunner(_kernel, journal, options.CompareSnapshots);
    }

    /// <summary>Where the replay first differs from the journal; null: nowhere so far. It goes no further
    /// then.</summary>
    public ReplayDivergence? Divergence { get; private set; }

    /// <summary>Of the message that was handled last; 0: none yet.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes of the journal read so far.</summary>
    public long BytesRead => _source.Bytes;

    /// <summary>How far it came.</summary>
    public ReplayReport Report
    {
        get
        {
            var agents = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (ReplayedAgent agent in _cast.Agents.Where(static agent => agent.StandIn is not null))
            {
                agents[agent.Name] = agents.GetValueOrDefault(agent.Name) + agent.Handled;
            }

            return new ReplayReport(_source.Records, _runner.Turns, agents, _cast.NotReplayed, Divergence);
        }
    }

    /// <summary>Where and why each lane ended, once all was read.</summary>
    public IReadOnlyList<LaneEnd> Ends => _source.Journal.Ends;

    /// <summary>What the journal gave up before it was read: what it was to the agents is missing in their states.
    /// </summary>
    public IReadOnlyList<LaneLoss> Losses => _source.Journal.Losses;

    /// <summary>The turn before which <see cref="RunUntil"/> stopped.</summary>
    internal ReplayTurn? StoppedAt { get; private set; }

    internal JournalNames Names => _source.Journal.Names;

    /// <summary>Agents that have an incarnation.</summary>
    internal IEnumerable<ReplayedAgent> Begun => _cast.Agents.Where(static agent => agent.StandIn is not null);

    /// <summary>Opens a journal to replay it.</summary>
    /// <param name="directory">The directory that the kernel was given, or its archive.</param>
    /// <param name="program">Sets the program up as it was: spawns its agents, in the same order where names are not
    /// unique or ids are kept, with factories that grant what they granted. It gets a kernel whose agents never run by
    /// themselves. Called once, here.</param>
    /// <param name="options">Default: all agents.</param>
    /// <exception cref="JournalException">There is no journal, or its format is newer than this program.</exception>
    /// <exception cref="ArgumentException">The program has no agent of a name in
    /// <see cref="ReplayOptions.Only"/>.</exception>
    public static JournalReplay Open(string directory, Action<Kernel> program, ReplayOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return OpenOn(Path.GetFullPath(directory), SystemJournalDisk.Instance, program, options ?? new ReplayOptions());
    }

    internal static JournalReplay OpenOn(
        string directory, IJournalDisk disk, Action<Kernel> program, ReplayOptions options, bool keepsAll = false)
    {
        ArgumentNullException.ThrowIfNull(program);
        int lanes = 1;
        foreach (string name in JournalReader.NamesIn(directory, disk))
        {
            lanes = JournalSegment.TryParseLane(name, out int lane) ? Math.Max(lanes, lane + 1) : lanes;
        }

        JournalReader journal = JournalReader.Open(directory, disk, new JournalQuery { Archive = options.Archive });
        try
        {
            return new JournalReplay(journal, lanes, program, options, keepsAll);
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Runs one turn (ES-64). Null: there is none, or the replay differed from the journal before.</summary>
    public ReplayStep? Step()
    {
        while (Divergence is null && Next() is { } turn)
        {
            if (RunStep(turn) is { } step)
            {
                return step;
            }
        }

        return null;
    }

    /// <summary>Runs to the end, or to the first difference.</summary>
    /// <param name="progress">Hears <see cref="BytesRead"/> now and then, on this thread; null: nobody does.</param>
    /// <param name="cancellationToken">Ends it between two turns; a later call goes on.</param>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public ReplayReport Run(IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        while (Divergence is null && Next(progress, cancellationToken) is { } turn)
        {
            RunQuickly(turn);
        }

        return Report;
    }

    /// <summary>Runs all that was taken before the message at a position, and stops before that is handled (ES-64).
    /// </summary>
    /// <param name="position">Of a message to a replayed agent; or of any other record: then it stops when that is
    /// read.</param>
    /// <param name="progress">As for <see cref="Run"/>.</param>
    /// <param name="cancellationToken">As for <see cref="Run"/>.</param>
    /// <returns>Whether it stopped there; false: it came to the end, or to a difference, before.</returns>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public bool RunUntil(
        long position, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, 1);
        _source.Until = position;
        while (Divergence is null)
        {
            if (_source.PeekReady() is { } ready)
            {
                if (ready.Work == ReplayWork.Message && ready.Position == position)
                {
                    StoppedAt = ready;
                    return FinishBefore(ready);
                }

                RunQuickly(_source.TakeReady()!);
            }
            else if (_source.IsUntilPassed || !TryRead(progress, cancellationToken))
            {
                return _source.IsUntilPassed;
            }
        }

        return false;
    }

    /// <summary>Runs all that was taken up to a time, the agents' order and clocks as the journal knows them.</summary>
    /// <param name="time">Of the last that is handled.</param>
    /// <param name="progress">As for <see cref="Run"/>.</param>
    /// <param name="cancellationToken">As for <see cref="Run"/>.</param>
    /// <returns>Whether more was taken later; false: it came to the end, or to a difference.</returns>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public bool RunUntilTime(
        DateTimeOffset time, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        while (Divergence is null)
        {
            if (_source.PeekReady() is not { } ready)
            {
                if (!TryRead(progress, cancellationToken))
                {
                    return false;
                }
            }
            else if (ready.Ticks > time.UtcTicks)
            {
                return FinishBefore(ready);
            }
            else
            {
                RunQuickly(_source.TakeReady()!);
            }
        }

        return false;
    }

    /// <summary>The state of a durable agent as it is now.</summary>
    /// <typeparam name="TState">Its state.</typeparam>
    /// <param name="agent">Its name.</param>
    /// <exception cref="ArgumentException">It is no such agent, or has not begun.</exception>
    public TState StateOf<TState>(string agent) =>
        Instance(agent) is DurableAgent<TState> durable ? durable.State : throw new ArgumentException(
            $"{agent} is no durable agent with a state of {typeof(TState).Name}, or has not begun yet.");

    /// <summary>The state of a durable agent as it is now, in words: JSON, if the journal could say so. Null: it is no
    /// durable agent, or has not begun.</summary>
    /// <param name="agent">Its name.</param>
    /// <exception cref="ArgumentException">The program has no agent of that name, or several.</exception>
    public string? DescribeState(string agent)
    {
        ArgumentException.ThrowIfNullOrEmpty(agent);
        return _cast.Find(agent).Face?.Describe(_kernel.Options.Codecs);
    }

    /// <summary>The newest incarnation of an agent, for looking at; null: it has not begun.</summary>
    /// <param name="agent">Its name.</param>
    /// <exception cref="ArgumentException">The program has no agent of that name, or several.</exception>
    public Agent? Instance(string agent)
    {
        ArgumentException.ThrowIfNullOrEmpty(agent);
        return _cast.Find(agent).StandIn?.Instance;
    }

    /// <summary>Lets go of the journal and the program.</summary>
    public void Dispose()
    {
        _runner.Dispose();
        _source.Dispose();
        _kernel.Abandon();
    }

    /// <summary>What waited when a turn was to begin: what was under way, in the order in which it was taken, then the
    /// rest in the order in which it was sent. What was sent by turns that did not run is not among them.</summary>
    internal IEnumerable<ReplayMessage> WaitingBefore(ReplayTurn stop)
    {
        ReplayTurn[] under = [.. _cast.Agents.SelectMany(static agent => agent.Turns)
            .Where(static turn => turn is { Work: ReplayWork.Message, Message: not null })
            .OrderBy(static turn => turn.Number)];
        HashSet<long> unrun = [.. _cast.Agents.SelectMany(static agent => agent.Turns).Select(static t => t.Number)];
        bool Existed(ReplayMessage message) => message.Order < stop.Number
            && (message.SentBy == 0 || (message.SentBy < stop.Number && !unrun.Contains(message.SentBy)));
        return under.Select(static turn => turn.Message!)
            .Concat(_source.Waiting.OrderBy(static message => message.Order))
            .Where(Existed).DistinctBy(static message => message.Position);
    }

    /// <summary>How far each lane was read.</summary>
    internal long[] LaneEnds() => _source.LaneEnds();

    private ReplayTurn? Next(IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ReplayTurn? turn;
        while ((turn = _source.TakeReady()) is null && TryRead(progress, cancellationToken))
        {
        }

        return turn;
    }

    private bool TryRead(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if ((_source.Records & (RecordsPerLook - 1)) == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(_source.Bytes);
        }

        return _source.TryRead();
    }

    private void RunQuickly(ReplayTurn turn)
    {
        Divergence = _runner.Run(turn);
        Position = turn.Work == ReplayWork.Message ? turn.Position : Position;
        _source.Done(turn);
    }

    private ReplayStep? RunStep(ReplayTurn turn)
    {
        bool isStep = turn.Agent.LostWhy is null && turn is { Work: ReplayWork.Start or ReplayWork.Message };
        ReplayStep? step = !isStep ? null : new ReplayStep(
            turn.Position, turn.Run.Number, turn.Agent.Name, turn.Incarnation,
            turn.Message?.Type.Schema?.SimpleName,
            new DateTimeOffset(Math.Clamp(turn.Ticks, 0, DateTime.MaxValue.Ticks), TimeSpan.Zero));
        RunQuickly(turn);
        return turn.IsAbandoned || turn.Agent.LostWhy is not null ? null : step;
    }

    // Other agents' turns that began before may still lack their ends, which are read later.
    private bool FinishBefore(ReplayTurn stop)
    {
        for (int left = LookAheadRecords; Divergence is null && left > 0; left--)
        {
            while (Divergence is null && _source.TakeReadyBefore(stop.Number) is { } earlier)
            {
                RunQuickly(earlier);
            }

            bool isOpen = _cast.Agents.Exists(
                agent => agent.Turns.TryPeek(out ReplayTurn? head) && head.Number < stop.Number);
            if (!isOpen || !_source.TryRead())
            {
                break;
            }
        }

        return Divergence is null;
    }

    /// <summary>Nobody drives the cores: the agents of the program never run by themselves.</summary>
    private sealed class NoThreads : CoreThreads
    {
        public override int Place(KernelOptions options) => options.Cores ?? 1;

        public override void Start(Core core)
        {
        }

        public override void Fence()
        {
        }

        public override bool Stop(Core core, TimeSpan atMost) => true;

        public override int? ProcessorOf(Core core) => null;
    }
}

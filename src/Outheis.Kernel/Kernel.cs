using System.Threading.Channels;

namespace Outheis;

/// <summary>
/// Dispatches messages between agents; the one place where authority, order, failure, priority and history
/// are decided. The methods are the host's: call them from threads outside the kernel. Agents get what they
/// may do as capabilities.
/// </summary>
public sealed partial class Kernel : IAsyncDisposable
{
    private readonly AgentCell _host;
    private readonly JournalDirectory? _journal;
    private readonly Lock _stopLock = new();
    private readonly HostSignal _stopped;
    private Task<StopReport>? _stop;
    private uint _lastPlaced;
    private int _isStopping;

    internal Kernel(KernelOptions options, Platform platform)
    {
        options.Check();
        Options = options;
        Platform = platform;
        Started = options.Time.GetTimestamp();
        HostAsks = new HostAsks(options.Time);
        OffloadPool = new OffloadPool(this);
        _stopped = new HostSignal(platform.Host);
        Watch = new TurnWatch(this);
        int cores = platform.Threads.Place(options);
        Agents = new AgentTable(cores);
        Capabilities = new CapabilityTree(cores);
        if (options.JournalDirectory is { } directory)
        {
            var settings = new JournalSettings
            {
                Lanes = cores,
                SegmentBytes = options.SegmentBytes,
                Retention = options.Retention,
                Seal = options.Seals,
                Signer = options.SealSigner,
                ArchiveDirectory = FullPath(options.ArchiveDirectory),
                WhenArchiveLags = options.WhenArchiveLags,
                KernelVersion = typeof(Kernel).Assembly.GetName().Version?.ToString() ?? "",
                Threads = platform.Host,
            };
            _journal = JournalDirectory.Open(
                directory, settings, platform.Disk, options.Time, out RecoveryReport report);
            Recovery = report;
            _past = OpenPast(_journal);
            Flusher = new JournalFlusher(_journal.Lanes, platform.Host, StopDurable);
        }

        _host = new AgentCell(this, null, AgentId.Host, "host", null, null, Qos.Default, 1);
        Cores = new Core[cores];
        for (int i = 0; i < cores; i++)
        {
            JournalTap? tap = _journal is null ? null : new JournalTap(_journal.Lane(i), options.Codecs, options.Time);
            Cores[i] = new Core(this, i, cores, tap);
        }

        ConnectCores();
        Watch.BeginBalance(options.Balance);
        foreach (Core core in Cores)
        {
            platform.Threads.Start(core);
        }
    }

    /// <summary>Messages that were accepted and not handled.</summary>
    public DeadLetters DeadLetters { get; } = new();

    /// <summary>What opening the journal found and repaired; null without a journal.</summary>
    public RecoveryReport? Recovery { get; }

    internal KernelOptions Options { get; }

    internal Platform Platform { get; }

    internal Core[] Cores { get; }

    internal AgentTable Agents { get; }

    internal CapabilityTree Capabilities { get; }

    /// <summary>The one of its cores that this thread has for itself now; null: none, so whatever is a core's own is
    /// somebody else's.</summary>
    internal int? CoreHere => Core.OfThisThread is { } core && core.Index < Cores.Length
        && ReferenceEquals(Cores[core.Index], core) && core.IsAlone ? core.Index : null;

    internal HostAsks HostAsks { get; }

    internal TurnWatch Watch { get; }

    /// <summary>Null without a journal.</summary>
    internal JournalFlusher? Flusher { get; }

    internal long Started { get; }

    internal bool IsStopping => Volatile.Read(ref _isStopping) != 0;

    /// <summary>Starts a kernel: opens the journal, if there is to be one, and starts the core
    /// threads.</summary>
    /// <param name="options">Default: one pinned core for each processor that this process may keep busy, no
    /// journal.</param>
    /// <exception cref="JournalInUseException">Another process writes to that journal.</exception>
    /// <exception cref="JournalException">The journal cannot be opened; the message says what to
    /// do.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">Options do not go together, or <see cref="KernelOptions.Processors"/> names
    /// one that this process may not use.</exception>
    public static Kernel Start(KernelOptions? options = null) =>
        new(options ?? new KernelOptions(), Platform.System());

    /// <summary>Makes a new agent. Its first incarnation is constructed here, on the calling thread, and
    /// started on its core.</summary>
    /// <param name="name">For people: listings, errors, journal. Names need not be unique and are no
    /// authority.</param>
    /// <param name="factory">Makes an incarnation: now, and again on the agent's core at each
    /// restart.</param>
    /// <param name="options">Default: default quality of service, capacity and core, no supervisor.</param>
    public AgentId Spawn(string? name, Func<Agent> factory, SpawnOptions? options = null) =>
        SpawnAgent(name, factory, options);

    /// <inheritdoc cref="Spawn(string?, Func{Agent}, SpawnOptions?)"/>
    public AgentId Spawn(string? name, Func<Endowment, Agent> factory, SpawnOptions? options = null) =>
        SpawnAgent(name, factory, options);

    /// <summary>Gives the host the right to send <typeparamref name="T"/> to an agent.</summary>
    /// <typeparam name="T">A message type that the agent handles.</typeparam>
    /// <param name="target">Who receives.</param>
    /// <param name="rights">What the capability allows.</param>
    /// <param name="badge">Set by the kernel on each message sent through it.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    /// <exception cref="ArgumentException">No such agent, or it does not handle
    /// <typeparamref name="T"/>.</exception>
    public Capability<T> Grant<T>(
        AgentId target, Rights rights = Rights.Send | Rights.Grant, ulong badge = 0, string? purpose = null) =>
        new(Mint.Handle<T>(this, Outside(_host), target, rights, badge, purpose));

    /// <summary>Gives the host the right to ask an agent.</summary>
    /// <typeparam name="TRequest">A request type that the agent answers.</typeparam>
    /// <typeparam name="TReply">Its reply type.</typeparam>
    /// <param name="target">Who answers.</param>
    /// <param name="rights">What the capability allows.</param>
    /// <param name="badge">Set by the kernel on each request sent through it.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    /// <param name="qos">In which class it is done: the agent, and whoever it has to ask, run at least in this one
    /// until they have replied (GC-08).</param>
    /// <exception cref="ArgumentException">No such agent, or it does not answer
    /// <typeparamref name="TRequest"/>.</exception>
    public AskCapability<TRequest, TReply> GrantAsk<TRequest, TReply>(
        AgentId target, Rights rights = Rights.Ask | Rights.Grant, ulong badge = 0, string? purpose = null,
        Qos qos = Qos.Default)
    {
        QosRules.Check(qos);
        CapabilityNode node = Mint.Answer<TRequest, TReply>(this, Outside(_host), target, rights, badge, purpose);
        node.Stamp.Qos = qos;      // before anybody has it
        return new AskCapability<TRequest, TReply>(node);
    }

    /// <summary>Mints a capability for an agent that already lives. The host cannot use it; send it to the
    /// agent.</summary>
    /// <typeparam name="T">A message type that the target handles.</typeparam>
    /// <param name="holder">Who may use it, for as long as its present incarnation lives.</param>
    /// <param name="target">Who receives.</param>
    /// <param name="rights">What the capability allows.</param>
    /// <param name="badge">Set by the kernel on each message sent through it.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    public Capability<T> GrantTo<T>(
        AgentId holder, AgentId target, Rights rights = Rights.Send, ulong badge = 0, string? purpose = null) =>
        new(Mint.Handle<T>(this, Outside(Living(holder)), target, rights, badge, purpose));

    /// <summary>As <see cref="GrantTo{T}"/>, for asks.</summary>
    /// <typeparam name="TRequest">A request type that the target answers.</typeparam>
    /// <typeparam name="TReply">Its reply type.</typeparam>
    /// <param name="holder">Who may use it, for as long as its present incarnation lives.</param>
    /// <param name="target">Who answers.</param>
    /// <param name="rights">What the capability allows.</param>
    /// <param name="badge">Set by the kernel on each request sent through it.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    public AskCapability<TRequest, TReply> GrantAskTo<TRequest, TReply>(
        AgentId holder, AgentId target, Rights rights = Rights.Ask, ulong badge = 0, string? purpose = null) =>
        new(Mint.Answer<TRequest, TReply>(this, Outside(Living(holder)), target, rights, badge, purpose));

    /// <summary>
    /// Revokes a capability and everything derived from it. When the task is done, no core and no thread
    /// accepts a send through any of them (INV-12). What was accepted before stays accepted.
    /// </summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="capability">Any capability that the host has, whoever holds it.</param>
    public Task RevokeAsync<T>(Capability<T> capability) => RevokeNode(capability.Node);

    /// <inheritdoc cref="RevokeAsync{T}(Capability{T})"/>
    /// <typeparam name="TRequest">The request type.</typeparam>
    /// <typeparam name="TReply">The reply type.</typeparam>
    public Task RevokeAsync<TRequest, TReply>(AskCapability<TRequest, TReply> capability) =>
        RevokeNode(capability.Node);

    /// <summary>Opens an output: agents that are granted it write, the host reads.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="name">For people.</param>
    /// <param name="capacity">Messages that wait for the host; as many again wait in the output's
    /// channel.</param>
    public Output<T> OpenOutput<T>(string name, int capacity = Limits.ChannelMessages)
    {
        Channel<T> channel = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { SingleWriter = true });
        AgentId agent = Spawn(name, () => new OutputAgent<T>(channel.Writer), new SpawnOptions { Capacity = capacity });
        return new Output<T>(agent, channel.Reader);
    }

    /// <summary>Ends an agent for good, with <see cref="ExitReason.Shutdown"/>, when its turn ends; its
    /// supervisor is not asked to restart it but hears of the end.</summary>
    /// <param name="agent">Who.</param>
    /// <returns>Done when the agent's core has taken note. An agent that is already dead is fine.</returns>
    public Task StopAgentAsync(AgentId agent)
    {
        RequireOutside();
        if (Agents.Find(agent.Value) is not { } cell)
        {
            return Task.CompletedTask;
        }

        var done = new HostSignal(Platform.Host);
        cell.Core.Post(new LifecycleOp(cell, restart: false, done));
        return OrStopped(done.Task);
    }

    /// <summary>Every living agent as it is at this moment, by id.</summary>
    public IReadOnlyList<AgentInfo> ListAgents() =>
        [.. Agents.Snapshot().Select(static agent => agent.Describe())];

    /// <summary>Every live capability, by id.</summary>
    public IReadOnlyList<CapabilityInfo> ListCapabilities() =>
        [.. Capabilities.Snapshot().OrderBy(static n => n.Id).Select(static n => new CapabilityInfo(
            n.Id, n.Holder.Id, n.Target.Id, n.Granted, n.Badge, n.Route.Message.Name, n.Purpose, n.Parent?.Id ?? 0))];

    /// <summary>What each core did so far (LW-29). Any thread, at any time: each figure was true at the moment it was
    /// read, and those of one core are read right after each other. Costs the cores nothing but the look.</summary>
    public IReadOnlyList<CoreInfo> ListCores() =>
        [.. Cores.Select(CoreInfo.Of)];

    /// <summary>The newest 256 handlers that took longer than <see cref="KernelOptions.TurnBudget"/>, the oldest first;
    /// one that is still at it is among them. Any thread.</summary>
    public IReadOnlyList<TurnOverrun> ListTurnOverruns() => Watch.List();

    /// <summary>
    /// Stops the kernel. From here on host sends are <see cref="SendResult.Dead"/>; agents go on until
    /// everything sent is handled or the deadline comes, a quarter of which remains after their tokens have
    /// fired. Then every agent ends, the journal is closed and the threads are gone. Further calls return the
    /// same task.
    /// </summary>
    /// <param name="deadline">Default <see cref="KernelOptions.DrainDeadline"/>.</param>
    public Task<StopReport> StopAsync(TimeSpan? deadline = null)
    {
        lock (_stopLock)
        {
            return _stop ??= Platform.Host.Run(() => Shutdown.Run(this, deadline ?? Options.DrainDeadline));
        }
    }

    /// <summary>Stops the kernel with <see cref="KernelOptions.DrainDeadline"/>.</summary>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    internal void ReportUnsupervised(AgentCell agent, ExitSignal signal)
    {
        if (!signal.Reason.IsAbnormal || IsStopping)
        {
            return;
        }

        try
        {
            if (Options.Unsupervised is { } hear)
            {
                hear(signal);
            }
            else
            {
                Console.Error.WriteLine($"outheis: agent {agent.Name} ended and nobody supervises it: {signal.Reason}");
            }
        }
        catch (Exception)
        {
            // The program's callback threw, or its standard error cannot be written. This is a core: it goes on, and
            // the journal has the exit.
        }
    }

    /// <summary>Done when the task is, or when the kernel has stopped and no core will do it any
    /// more.</summary>
    internal Task OrStopped(Task task) => Task.WhenAny(task, _stopped.Task);

    internal void BeginStop() => Volatile.Write(ref _isStopping, 1);

    /// <summary>Frees what the cores used. A stuck core keeps its memory and the journal keeps its mapping:
    /// it still runs.</summary>
    /// <returns>Why the journal could not be closed, if it could not.</returns>
    internal JournalException? Release(bool everyCoreStopped)
    {
        Watch.Dispose();
        HostAsks.FailAll();
        _stopped.Set();
        foreach (Core core in Cores)
        {
            core.IngressWaiters.WakeAll();      // they see Dead
        }

        foreach (AgentCell agent in Agents.Snapshot())
        {
            agent.Waiters.WakeAll();      // likewise: agents of a stuck core never die
        }

        JournalException? failure = CloseJournal(everyCoreStopped);
        if (everyCoreStopped)
        {
            Array.ForEach(Cores, static core => core.Dispose());
        }

        return failure;
    }

    /// <summary>Lets go of everything without a word, as a killed process does. No core may run any more.</summary>
    internal void Abandon()
    {
        Watch.Dispose();
        OffloadPool.Close();
        Flusher?.Stop();
        _past?.Abandon();
        _journal?.Abandon();
        Array.ForEach(Cores, static core => core.Dispose());
    }

    private Task RevokeNode(CapabilityNode? node)
    {
        RequireOutside();
        return Revocation.Run(this, node);
    }

    private static AgentCell Outside(AgentCell holder)
    {
        RequireOutside();
        return holder;
    }

    internal static void RequireOutside()
    {
        if (Core.OfThisThread is not null)
        {
            throw new InvalidOperationException(
                "A kernel's methods are the host's: call them from a thread outside the kernel. "
                + "An agent gets what it may do from its Endowment.");
        }
    }

    internal AgentCell Living(AgentId id) =>
        Agents.Find(id.Value) ?? throw new ArgumentException($"No agent {id} lives in this kernel.", nameof(id));

    private void ConnectCores()
    {
        foreach (Core source in Cores)
        {
            foreach (Core target in Cores)
            {
                if (!ReferenceEquals(source, target))
                {
                    var ring = new CoreRing();
                    source.Out[target.Index] = ring;
                    target.In[source.Index] = ring;
                }
            }
        }
    }
}

using System.Diagnostics.CodeAnalysis;

namespace Outheis.Testing;

/// <summary>
/// The real kernel on one thread: virtual cores, virtual time, a simulated disk, and an order of everything that
/// is drawn from a seed. The same seed gives the same run, so a failure is a number.
/// </summary>
/// <remarks>
/// <para>A step is one pass of a core, one thing that waits on the host's side, or one act of an actor. In the
/// middle of a core's step others may come in between, wherever a send, a ring, a wake or a record has a gap
/// (<see cref="SimulationOptions.InterruptOneIn"/>). After each step the invariants are looked at.</para>
/// <para>Use it from the thread that made it, in synchronous code. Code under test must stay on it: no Task.Run, no
/// ConfigureAwait(false), no real timers; give it <see cref="ApplicationTime"/>. Real memory orderings are not
/// simulated: see the litmus tests.</para>
/// </remarks>
public sealed class Simulation : IDisposable
{
    /// <summary>Where the journal lies on a simulation's disk.</summary>
    public const string JournalDirectory = "/journal";

    /// <summary>Where its archive lies.</summary>
    public const string ArchiveDirectory = "/archive";

    private static readonly TimeSpan StopMost = TimeSpan.FromMinutes(10);

    private readonly SimulationOptions _options;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly Interruptions _interruptions;
    private readonly KernelWatch _watch;
    private readonly List<ExitSignal> _unsupervised = [];
    private bool _isDisposed, _isRunning;

    /// <summary>Starts a kernel of two cores under a seed, without journal and faults.</summary>
    /// <param name="seed">Any number.</param>
    public Simulation(ulong seed)
        : this(seed, new SimulationOptions())
    {
    }

    /// <summary>Starts a kernel under a seed.</summary>
    /// <param name="seed">Any number.</param>
    /// <param name="options">How to run.</param>
    public Simulation(ulong seed, SimulationOptions options)
        : this(new Choices(seed), options)
    {
    }

    /// <summary>Starts a kernel whose choices are handed in.</summary>
    /// <param name="choices">A seed's, or those of an earlier run.</param>
    /// <param name="options">How to run.</param>
    public Simulation(Choices choices, SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(choices);
        ArgumentNullException.ThrowIfNull(options);
        if (!Interference.IsPossible)
        {
            throw new InvalidOperationException(
                "This process cannot simulate: the kernel was in use before Outheis.Testing was. Set the switch in the "
                + "project: <RuntimeHostConfigurationOption Include=\"" + Interference.Switch + "\" Value=\"true\" />");
        }

        (Choices, _options) = (choices, options);
        SimulatedCores = new SimulatedCores(Time);
        _interruptions = new Interruptions(this, _options);
        Moves = new Moves(this, _options);
        Interference.Current = _interruptions;
        Disk?.BeforeCall = _interruptions.MayKill;
        Choices.Failing = Fail;
        try
        {
            Kernel = StartKernel();
        }
        catch
        {
            _interruptions.End();      // the journal could not be opened: nobody will dispose of this
            throw;
        }

        _watch = new KernelWatch(this);
    }

    /// <summary>Where every decision comes from. Draw from it for decisions of your own.</summary>
    public Choices Choices { get; }

    /// <summary>The kernel. Its methods may be called between steps and by actors.</summary>
    public Kernel Kernel { get; }

    /// <summary>The kernel's clock.</summary>
    public VirtualTime Time { get; } = new();

    /// <summary>The clock for the code under test. Moves along with the kernel's, and apart from it by
    /// <see cref="VirtualTime.JumpWallClock"/>.</summary>
    public VirtualTime ApplicationTime { get; } = new();

    /// <summary>The disk under the journal, if there is one.</summary>
    public SimulatedDisk? Disk => _options.Disk;

    /// <summary>Steps so far.</summary>
    public long Steps { get; internal set; }

    /// <summary>What happened.</summary>
    public SimulationTrace Trace { get; } = new();

    /// <summary>Agents that failed without a supervisor.</summary>
    public IReadOnlyList<ExitSignal> Unsupervised => _unsupervised;

    /// <summary>What the disk held when the simulated process was killed; null while it lives.</summary>
    public DiskImage? Killed => _interruptions.Killed;

    internal SimulatedCores SimulatedCores { get; }

    internal SimulatedHost Host { get; } = new();

    internal Moves Moves { get; }

    internal SimulationOptions Options => _options;

    internal Interruptions Interruptions => _interruptions;

    /// <summary>Time does not move beyond this by itself while there is work.</summary>
    internal TimeSpan TimeEnd { get; private set; } = TimeSpan.MaxValue;

    /// <summary>Adds somebody outside the kernel who does something now and then, as a thread of the host
    /// would.</summary>
    /// <param name="name">For the trace.</param>
    /// <param name="act">One act; false when there is nothing more to do.</param>
    public void AddActor(string name, Func<bool> act) => Moves.AddActor(name, act);

    /// <summary>One step of whoever is drawn. Time stands still, but for what
    /// <see cref="SimulationOptions.TimeMovesOneIn"/> says.</summary>
    /// <returns>False when nobody can do anything at this time.</returns>
    public bool Step()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Environment.CurrentManagedThreadId != _thread)
        {
            throw new InvalidOperationException("A simulation runs on the thread that made it, and on no other.");
        }

        if (_isRunning)
        {
            throw new InvalidOperationException("A step of a simulation cannot contain steps of the same simulation.");
        }

        if (Killed is not null)
        {
            return false;
        }

        _isRunning = true;
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(Host.Context);
        Interference.Current = _interruptions;
        try
        {
            bool moved = Moves.One();
            if (moved)
            {
                Steps++;
                Choices.CountStep();
                AfterStep();
            }

            return moved;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
            _isRunning = false;
        }
    }

    /// <summary>Steps until nobody can do anything at this time.</summary>
    public void RunUntilIdle()
    {
        while (Step())
        {
        }
    }

    /// <summary>Steps, and moves time on whenever nobody can do anything, until nothing is left to wait for.</summary>
    /// <param name="within">No longer than this, in simulated time. Default: an hour.</param>
    public void RunToEnd(TimeSpan? within = null) =>
        IsReached(static () => false, Time.Now + (within ?? TimeSpan.FromHours(1)));

    /// <summary>Steps until the condition holds, moving time on whenever nobody can do anything.</summary>
    /// <param name="condition">Looked at after every step.</param>
    /// <param name="within">Fails after this much simulated time. Default: an hour.</param>
    /// <param name="what">Names the condition in the failure.</param>
    public void RunUntil(Func<bool> condition, TimeSpan? within = null, string what = "the condition")
    {
        ArgumentNullException.ThrowIfNull(condition);
        if (!IsReached(condition, Time.Now + (within ?? TimeSpan.FromHours(1))))
        {
            Fail("progress", $"{what} never came.");
        }
    }

    /// <summary>Moves time on, event by event, and runs everything that comes of it: nothing that is due
    /// later.</summary>
    /// <param name="time">On the kernel's clock, since its start.</param>
    public void AdvanceTo(TimeSpan time)
    {
        IsReached(static () => false, time);
        MoveTo(time);
        IsReached(static () => false, time);
    }

    /// <summary>As <see cref="AdvanceTo"/>.</summary>
    /// <param name="by">0 or more.</param>
    public void AdvanceBy(TimeSpan by) => AdvanceTo(Time.Now + by);

    /// <summary>Runs code of the host: its awaits resume in the simulation. Returns when it is done.</summary>
    /// <param name="host">Called at once.</param>
    /// <param name="within">Fails after this much simulated time.</param>
    public void Run(Func<Task> host, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        Task task = InContext(host);
        RunUntil(() => task.IsCompleted, within, "the end of the host's code");
        task.GetAwaiter().GetResult();
    }

    /// <summary>Awaits something of the kernel, an ask or a waiting send, while the simulation runs.</summary>
    /// <typeparam name="T">Of what.</typeparam>
    /// <param name="task">Not yet awaited.</param>
    /// <param name="within">Fails after this much simulated time.</param>
    public T Result<T>(ValueTask<T> task, TimeSpan? within = null)
    {
        T result = default!;
        Run(async () => result = await task.ConfigureAwait(true), within);
        return result;
    }

    /// <summary>Stops the kernel and returns how that went.</summary>
    /// <param name="deadline">Default: <see cref="KernelOptions.DrainDeadline"/>.</param>
    public StopReport Stop(TimeSpan? deadline = null)
    {
        Task<StopReport> stop = InContext(() => Kernel.StopAsync(deadline));
        RunUntil(() => stop.IsCompleted, StopMost, "the stop");
        return stop.GetAwaiter().GetResult();
    }

    /// <summary>The process dies here and now. The simulation is over; another can open the disk's image.</summary>
    /// <param name="cutsPower">What was not synced may be lost, as drawn.</param>
    public DiskImage Kill(bool cutsPower = false) => _interruptions.Kill(cutsPower);

    /// <summary>Makes an agent crash at its next effect: before or after a send, ask, derivation or reply, or when it
    /// takes a message.</summary>
    /// <param name="agent">Who.</param>
    public void Crash(AgentId agent) => _interruptions.CrashNext(agent);

    /// <summary>Throws <see cref="SimulationFailedException"/> unless the kernel's invariants hold now.</summary>
    public void AssertInvariants() => _watch.Check();

    /// <summary>Fails the simulation.</summary>
    /// <param name="promise">What was broken, in a word or two: equal for equal failures.</param>
    /// <param name="what">What was seen.</param>
    [DoesNotReturn]
    public void Fail(string promise, string what)
    {
        var failure = new SimulationFailedException(promise, what, this);
        if (_isRunning || Core.OfThisThread is not null)
        {
            _interruptions.Keep(failure);      // thrown inside a turn the kernel would take it for the agent's bug
        }

        throw failure;
    }

    /// <summary>Fails the simulation unless the condition holds.</summary>
    /// <param name="condition">What should be.</param>
    /// <param name="promise">What was broken.</param>
    /// <param name="what">What was seen.</param>
    public void Require([DoesNotReturnIf(false)] bool condition, string promise, string what)
    {
        if (!condition)
        {
            Fail(promise, what);
        }
    }

    /// <summary>Lets go of the kernel without a drain, as the end of a process would.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _interruptions.End();
        bool isStopped = SimulatedCores.Cores.Count == 0;      // maybe by a stop that nobody has waited for
        bool hasStuckCores = isStopped && Kernel.StopAsync() is { IsCompletedSuccessfully: true } stop
            && stop.GetAwaiter().GetResult().StuckCores.Count > 0;
        if (!isStopped || hasStuckCores)
        {
            Kernel.Abandon();      // a stop frees nothing while it takes a core to run on; here none does
        }
    }

    /// <summary>Steps, and moves time on when nobody can do anything, until the condition holds; false if it does not
    /// by then.</summary>
    internal bool IsReached(Func<bool> condition, TimeSpan end)
    {
        TimeSpan before = TimeEnd;
        TimeEnd = end < before ? end : before;
        try
        {
            bool isReached;
            while (!(isReached = condition()) && (Step() || MoveTimeOn(TimeEnd)))
            {
            }

            return isReached;
        }
        finally
        {
            TimeEnd = before;
        }
    }

    /// <summary>Runs everything that is due on the way to the next event. False if there is none until then.</summary>
    internal bool MoveTimeOn(TimeSpan until)
    {
        if (Killed is not null || Moves.NextEvent() is not { } next || next > until)
        {
            return false;
        }

        MoveTo(next);
        return true;
    }

    private Kernel StartKernel() => new(
        new KernelOptions
        {
            Cores = _options.Cores, ChannelCapacity = _options.ChannelCapacity, Time = Time,
            Seed = (ulong)Choices.Draw(int.MaxValue), WhenArchiveLags = _options.WhenArchiveLags,
            JournalDirectory = _options.Disk is null ? null : JournalDirectory,
            SegmentBytes = _options.SegmentBytes, Retention = _options.Retention,
            ArchiveDirectory = _options.Archives ? ArchiveDirectory : null,
            Codecs = _options.Codecs, Durability = _options.Durability, SnapshotEvery = _options.SnapshotEvery,
            FairShare = _options.FairShare, Unsupervised = _unsupervised.Add, Balance = CoreBalance.Off,
        },
        new Platform(SimulatedCores, Host, (IJournalDisk?)_options.Disk ?? SystemJournalDisk.Instance));

    private void MoveTo(TimeSpan time)
    {
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(Host.Context);
        try
        {
            TimeSpan by = time - Time.Now;
            Trace.Add(Steps, 0, "time moves on to ", (long)time.TotalMilliseconds, "ms");
            Time.AdvanceTo(time);
            ApplicationTime.AdvanceBy(by > TimeSpan.Zero ? by : TimeSpan.Zero);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private void AfterStep()
    {
        _interruptions.ThrowIfFailed();
        if (Host.IsDisturbed)
        {
            Fail("one thread", "something came from a thread outside the simulation: Task.Run, ConfigureAwait(false) "
                + "or a real timer in the code under test.");
        }

        if (Steps > _options.StepsMost)
        {
            Fail("progress", $"more than {_options.StepsMost} steps: it never comes to rest.");
        }

        bool isThere = Killed is null && SimulatedCores.Cores.Count > 0;      // a stop frees what the cores used
        if (_options.CheckEvery > 0 && Steps % _options.CheckEvery == 0 && isThere)
        {
            _watch.Check();
        }
    }

    private T InContext<T>(Func<T> host)
    {
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(Host.Context);
        try
        {
            return host();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }
}

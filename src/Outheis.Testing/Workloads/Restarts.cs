using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Children that fail wherever one can: in their factory, at their start, at any effect, in asynchronous turns; and are
/// stopped at any moment. One supervisor restarts always, the other is the shipped one. Both write down what they see.
/// </summary>
internal sealed partial class Restarts : Workload
{
    public override string Name => "restarts";

    public override string Promise => "each incarnation is released and silent before its end is told, then the next";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        Kernel kernel = simulation.Kernel;
        int cores = kernel.ListCores().Count;
        var nursery = new Nursery(run, simulation, children: 2 + run.Choices.Draw(6));
        var options = new SupervisorOptions
        {
            Intensity = run.Choices.Draw(6),
            Period = TimeSpan.FromMilliseconds(run.Choices.Pick([5000, 20, 100])),
            Restart = (Restart)run.Choices.Draw(3),
        };
        Watcher[] watchers = [new Watcher(nursery, null), new Watcher(nursery, options)];
        AgentId[] watcherIds = [.. watchers.Select(watcher => kernel.Spawn("watcher", () => watcher, new SpawnOptions
        {
            Core = run.Choices.Draw(cores),
            Capacity = run.Choices.Pick([64, 4]),
        }))];
        for (int i = 0; i < nursery.Lives.Length; i++)
        {
            int core = run.Choices.Draw(cores);
            int under = watchers[1].HasGivenUp ? 0 : run.Choices.Draw(2);
            Life life = nursery.Lives[i] = new Life(i, core, watchers[under], watcherIds[under]);
            kernel.Spawn($"child {i}", born => new Child(nursery, life, born), new SpawnOptions
            {
                Core = core,
                Capacity = run.Choices.Pick([64, 2, 8]),
                Supervisor = watcherIds[under],
            });
        }

        AddHost(run, simulation, nursery, watchers, watcherIds);
        simulation.RunToEnd();
        nursery.Check();
    }

    private static void AddHost(
        WorkloadRun run, Simulation simulation, Nursery nursery, Watcher[] watchers, AgentId[] watcherIds)
    {
        Kernel kernel = simulation.Kernel;
        var short_ = nursery.Lives.Select(life => run.IfAlive(() => kernel.Grant<Job>(life.Id))).ToArray();
        var long_ = nursery.Lives.Select(life => run.IfAlive(() => kernel.Grant<LongJob>(life.Id))).ToArray();
        var pings = watcherIds.Select(id => run.IfAlive(() => kernel.GrantAsk<Ping, Pong>(id))).ToArray();
        int acts = run.Choices.Pick([100, 300]);
        simulation.AddActor("gives jobs", () =>
        {
            int child = run.Choices.Draw(nursery.Lives.Length);
            Life life = nursery.Lives[child];
            bool isLong = run.Choices.Draw(3) == 2;
            SendResult sent = isLong
                ? long_[child].Send(new LongJob(life.Jobs + 1, run.Choices.Draw(4)))
                : short_[child].Send(new Job(life.Jobs + 1));
            life.Jobs += sent == SendResult.Sent ? 1 : 0;
            run.Note($"jobs {sent}");
            return acts-- > 0;
        });
        simulation.AddActor("asks watchers", () =>
        {
            int watcher = run.Choices.Draw(2);
            if (run.Choices.Draw(8) == 7)
            {
                nursery.Owe(PingAsync(pings[watcher], watchers[watcher]));
            }

            return acts > 0;
        });
        simulation.AddActor("stops children", () =>
        {
            if (run.Choices.Chance(60))
            {
                Life life = run.Choices.Pick(nursery.Lives);
                life.IsStopWanted = true;
                run.Note("children stopped");
                nursery.Owe(kernel.StopAgentAsync(life.Id));
            }

            return acts > 0;
        });

        async Task PingAsync(AskCapability<Ping, Pong> watcher, Watcher state)
        {
            try
            {
                await watcher.AskAsync(default, TimeSpan.FromMinutes(1)).ConfigureAwait(true);
                run.Note("watchers answered");
            }
            catch (AskException none)
            {
                bool isRight = none.Outcome is AskOutcome.Full
                    || (none.Outcome is AskOutcome.Dead or AskOutcome.Denied && state.HasGivenUp);
                simulation.Require(isRight, "INV-23", $"a watcher's answer was {none.Outcome}.");
            }
        }
    }

    private readonly record struct Job(int Number);

    private readonly record struct LongJob(int Number, int Awaits);

    private readonly record struct Report(int Child, uint Incarnation, int Number);

    private readonly record struct Ping;

    private readonly record struct Pong;

    /// <summary>The bug of a child.</summary>
    private sealed class BugException : Exception;

    private sealed class Child : Agent, IHandle<Job>, IHandleAsync<LongJob>
    {
        private readonly Nursery _nursery;
        private readonly Life _life;
        private readonly Capability<Report> _report;
        private readonly uint _incarnation;

        public Child(Nursery nursery, Life life, Endowment born)
        {
            (_nursery, _life) = (nursery, life);
            life.Id = born.Self;      // known before anybody hears of it
            _incarnation = ++life.Born;
            _report = born.Grant<Report>(life.WatcherId, Rights.Send | Rights.Grant);
            life.Held.Add((_incarnation, _report));
            if (_incarnation > 1)
            {
                nursery.MayFail();
            }
        }

        protected internal override void OnStart(Context context)
        {
            _nursery.Started(_life, context.Incarnation, _incarnation);
            Speak(context);
            _nursery.MayFail();
        }

        protected internal override void OnStop(ExitReason reason) => _nursery.Stopped(_life, _incarnation, reason);

        public void Handle(in Job message, Context context)
        {
            _nursery.Taken(_life, message.Number);
            Speak(context);
            Speak(context);
            _nursery.MayFail();
            if (_nursery.Chance(30))
            {
                _life.Leaves = _incarnation;
                context.Stop();
            }

            _life.Done++;
        }

        public async ValueTask HandleAsync(LongJob message, AgentContext context, CancellationToken cancellationToken)
        {
            _nursery.Taken(_life, message.Number);
            _life.Turns++;
            try
            {
                using CancellationTokenRegistration told = cancellationToken.UnsafeRegister(
                    static state => ((Child)state!).NoteToken(), this);
                if (_nursery.Chance(3))
                {
                    _ = StrayAsync(context);
                }

                for (int i = 0; i < message.Awaits; i++)
                {
                    await _nursery.Delay().ConfigureAwait(true);
                    Speak(context);
                    _nursery.MayFail();
                }
            }
            finally
            {
                _life.Turns--;
            }

            if (_life.Ended < _incarnation)
            {
                _life.Done++;      // else the message was cut off: a dead letter
            }
        }

        /// <summary>Its turn does not wait for it: it may run on when its incarnation is over, and the next one
        /// lives.</summary>
        private async Task StrayAsync(AgentContext context)
        {
            _life.Turns++;
            try
            {
                for (int i = 0; i < 4; i++)
                {
                    await _nursery.Delay().ConfigureAwait(true);
                    Speak(context);
                }
            }
            finally
            {
                _life.Turns--;
            }
        }

        private void NoteToken() => _life.Told = _incarnation;

        private void Speak(Context context)
        {
            _life.Begin();
            _life.End(context.Send(_report, new Report(_life.Index, _incarnation, _life.Sent)));
        }

        /// <summary>After an await its incarnation may be over: then it reaches nothing.</summary>
        private void Speak(AgentContext context)
        {
            if (_life.Ended < _incarnation)
            {
                _life.Begin();
                _life.End(context.Send(_report, new Report(_life.Index, _incarnation, _life.Sent)));
                return;
            }

            SendResult sent = context.Send(_report, new Report(_life.Index, _incarnation, 0));
            _nursery.RequireSilent(_life, sent == SendResult.Denied);
            _nursery.RequireSilent(
                _life, context.Derive(_report, context.Self, Rights.Send, 0, out _) == DeriveResult.Denied);
            context.Stop();      // is not heard: else the next incarnation would end, and Stopped would wonder why
        }
    }

    /// <summary>A supervisor that checks what it is told. Decides itself, or has the shipped one decide.</summary>
    private sealed class Watcher(Nursery nursery, SupervisorOptions? options)
        : Agent, IHandle<ChildStarted>, IHandle<ExitSignal>, IHandle<Report>, IAnswer<Ping, Pong>
    {
        private readonly Supervisor? _shipped = options is null ? null : new Supervisor(options);
        private readonly List<TimeSpan> _restarts = [];

        public bool HasGivenUp { get; private set; }

        public void Handle(in ChildStarted message, Context context)
        {
            Life life = nursery.LifeOf(message.Agent);
            nursery.Require(
                message.Incarnation == life.HeardEnd + 1 && life.HeardStart < message.Incarnation, "INV-20",
                $"{message.Name} started as {message.Incarnation}, {life.HeardEnd} had ended.");
            (life.HeardStart, life.Heard) = (message.Incarnation, 0);
            _shipped?.Handle(in message, context);
        }

        public void Handle(in Report message, Context context)
        {
            Life life = nursery.Lives[message.Child];
            nursery.Require(
                message.Incarnation == life.HeardStart && life.HeardEnd < message.Incarnation, "INV-22",
                $"{message} came: {life.HeardStart} has begun, {life.HeardEnd} has ended.");
            nursery.Require(
                context.Sender == life.Id && message.Number > life.HeardNumber, "INV-02",
                $"{message} of {context.Sender} came after {life.HeardNumber}.");
            life.HeardNumber = message.Number;
            life.Heard++;
        }

        public void Handle(in ExitSignal message, Context context)
        {
            Life life = nursery.LifeOf(message.Agent);
            nursery.Require(
                message.Incarnation == life.HeardEnd + 1, "INV-20",
                $"{message.Name} ended as {message.Incarnation} after {life.HeardEnd}.");
            life.HeardEnd = message.Incarnation;
            nursery.RequireReleased(life, message.Incarnation);
            nursery.Note(message.IsFinal ? "final exits" : $"exits {message.Reason.Kind}");
            if (_shipped is null)
            {
                if (!message.IsFinal)
                {
                    context.Restart(message.Agent);
                }

                return;
            }

            bool hadGivenUp = HasGivenUp;
            Foresee(message, life, context.Uptime);
            _shipped.Handle(in message, context);
            nursery.Require(
                nursery.IsStopping(context.Self) == HasGivenUp, "INV-21",
                $"with {_restarts.Count} of {options!.Intensity} in {options.Period} it gave up: {!HasGivenUp}.");
            if (HasGivenUp && !hadGivenUp)
            {
                nursery.Note("supervisors gave up");
            }
        }

        public Pong Answer(in Ping request, Context context) => default;

        protected internal override void OnStop(ExitReason reason)
        {
            nursery.Require(
                _shipped is not null && HasGivenUp && reason.Kind == ExitKind.Shutdown, "INV-21",
                $"a supervisor ended without having given up: {reason}.");
        }

        /// <summary>What the shipped supervisor must do: never more restarts within the period than the intensity, and
        /// not one fewer (INV-21). Noted before it does so: its children hear of it while it is at it.</summary>
        private void Foresee(ExitSignal signal, Life life, TimeSpan now)
        {
            _restarts.RemoveAll(at => now - at > options!.Period);
            bool isWanted = options!.Restart == Restart.Permanent
                || (options.Restart == Restart.Transient && signal.Reason.IsAbnormal);
            if (signal.IsFinal || HasGivenUp)
            {
                return;
            }

            if (!isWanted)
            {
                life.IsStopWanted = true;
            }
            else if (_restarts.Count >= options.Intensity)
            {
                HasGivenUp = true;
            }
            else
            {
                _restarts.Add(now);
            }
        }
    }
}

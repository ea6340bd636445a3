using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Everybody asks everybody: agents in their asynchronous turns and the host, with short timeouts and tokens that fire.
/// Callees answer at once, later, never, throw, crash, stop themselves or ask on. Each ask ends exactly once, with the
/// right reply or for a reason that was there, and whoever is not waited for any more is told.
/// </summary>
internal sealed class Asks : Workload
{
    public override string Name => "asks";

    public override string Promise => "each ask ends once, with its own reply or for a reason that was there";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        Kernel kernel = simulation.Kernel;
        var book = new AskBook(run, simulation, peers: 2 + run.Choices.Draw(4), asksMost: run.Choices.Pick([40, 150, 300]));
        AgentId supervisor = kernel.Spawn(
            "restarts peers", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        for (int i = 0; i < book.Peers; i++)
        {
            int index = i;
            var options = new SpawnOptions
            {
                Core = run.Choices.Draw(kernel.ListCores().Count),
                Capacity = run.Choices.Pick([64, 1, 3, 8]),
                Qos = (Qos)run.Choices.Draw(5),
                Supervisor = supervisor,
            };
            book.Ids[i] = kernel.Spawn($"peer {i}", born => new Peer(book, index, born), options);
        }

        for (int from = 0; from < book.Peers; from++)
        {
            for (int to = 0; to < book.Peers; to++)
            {
                book.AgentWays[from, to] = new Way(
                    kernel.GrantAskTo<Now, Reply>(book.Ids[from], book.Ids[to]),
                    kernel.GrantAskTo<Later, ReplyLetter>(book.Ids[from], book.Ids[to]));
            }
        }

        AddHost(run, simulation, book);
        simulation.RunToEnd();
        book.Check();
    }

    private static void AddHost(WorkloadRun run, Simulation simulation, AskBook book)
    {
        Kernel kernel = simulation.Kernel;
        Way[] ways = [.. book.Ids.Select(to => new Way(kernel.GrantAsk<Now, Reply>(to), kernel.GrantAsk<Later, ReplyLetter>(to)))];
        Capability<Go>[] go = [.. book.Ids.Select(to => kernel.Grant<Go>(to))];
        simulation.AddActor("has peers ask", () =>
        {
            go[run.Choices.Draw(book.Peers)].Send(new Go(1 + run.Choices.Draw(4)));
            return book.HasMore;
        });
        simulation.AddActor("asks", () =>
        {
            if (run.Choices.Draw(4) == 0 && book.Begin(AskBook.Host, default) is { } ask)
            {
                Way way = ways[ask.To];
                book.Owe(ask.IsLater
                    ? book.End(ask, way.Later.AskAsync(new Later(ask.Id, ask.Deed), ask.Timeout, ask.Token))
                    : book.End(ask, way.Now.AskAsync(new Now(ask.Id, ask.Deed), ask.Timeout, ask.Token)));
            }

            return book.HasMore;
        });
        simulation.AddActor("cancels", () =>
        {
            book.CancelOne();
            return book.HasMore;
        });
        if (run.Choices.Chance(3))
        {
            int waits = run.Choices.Draw(150);
            simulation.AddActor("stops a peer", () =>
            {
                if (waits-- > 0)
                {
                    return true;
                }

                int peer = run.Choices.Draw(book.Peers);
                book.EndsSoon(peer);
                book.Owe(kernel.StopAgentAsync(book.Ids[peer]));
                return false;
            });
        }
    }

    /// <summary>What the callee is to do.</summary>
    private enum Deed
    {
        Answer,
        Throw,
        Stop,
        Wait,              // a drawn time, ends early if its token fires
        WaitDeaf,          // a drawn time, does not look at its token
        WaitForToken,      // until its token fires
        AskOn,
        ThrowLater,
    }

    private readonly record struct Go(int Asks);

    private readonly record struct Now(int Id, Deed Deed);

    private readonly record struct Later(int Id, Deed Deed);

    private readonly record struct Reply(int Id, int By);

    private sealed record ReplyLetter(int Id, int By);

    private readonly record struct Way(AskCapability<Now, Reply> Now, AskCapability<Later, ReplyLetter> Later);

    /// <summary>The bug of a callee that was told to have one.</summary>
    private sealed class DeedException : Exception;

    private sealed class Peer : Agent, IHandleAsync<Go>, IAnswer<Now, Reply>, IAnswerAsync<Later, ReplyLetter>
    {
        private readonly AskBook _book;
        private readonly int _index;

        public Peer(AskBook book, int index, Endowment born)
        {
            (_book, _index) = (book, index);
            for (int i = 0; i < book.Peers && book.Ids[i] != AgentId.Host; i++)
            {
                AgentId to = book.Ids[i];
                book.AgentWays[index, i] = AskBook.IfAlive(() => new Way(born.GrantAsk<Now, Reply>(to), born.GrantAsk<Later, ReplyLetter>(to)));
            }
        }

        protected internal override void OnStop(ExitReason reason) => _book.Ended(_index, reason);

        public async ValueTask HandleAsync(Go message, AgentContext context, CancellationToken cancellationToken)
        {
            using IDisposable turn = _book.Enter(_index);
            for (int i = 0; i < message.Asks; i++)
            {
                await AskOneAsync(context, cancellationToken).ConfigureAwait(true);
            }
        }

        public Reply Answer(in Now request, Context context)
        {
            _book.Taken(request.Id, _index);
            switch (request.Deed)
            {
                case Deed.Throw:
                    throw new DeedException();
                case Deed.Stop:
                    context.Stop();
                    break;
            }

            _book.Answered(request.Id, _index);
            return new Reply(request.Id, _index);
        }

        public async ValueTask<ReplyLetter> AnswerAsync(
            Later request, AgentContext context, CancellationToken cancellationToken)
        {
            _book.Taken(request.Id, _index);
            using IDisposable turn = _book.Enter(_index);
            switch (request.Deed)
            {
                case Deed.Throw:
                    throw new DeedException();
                case Deed.Stop:
                    context.Stop();
                    break;
                case Deed.Wait:
                    await _book.Delay(cancellationToken).ConfigureAwait(true);
                    break;
                case Deed.WaitDeaf:
                    await _book.Delay(CancellationToken.None).ConfigureAwait(true);
                    break;
                case Deed.WaitForToken:
                    await AskBook.UntilFired(cancellationToken).ConfigureAwait(true);
                    break;
                case Deed.AskOn:
                    await AskOneAsync(context, cancellationToken).ConfigureAwait(true);
                    break;
                case Deed.ThrowLater:
                    await _book.Delay(CancellationToken.None).ConfigureAwait(true);
                    throw new DeedException();
            }

            _book.Answered(request.Id, _index);
            return new ReplyLetter(request.Id, _index);
        }

        /// <summary>One ask, awaited to its end whatever that is.</summary>
        private async Task AskOneAsync(AgentContext context, CancellationToken turn)
        {
            if (_book.Begin(_index, turn) is not { } ask)
            {
                return;
            }

            Way way = _book.AgentWays[_index, ask.To];
            await (ask.IsLater
                ? _book.End(ask, context.AskAsync(way.Later, new Later(ask.Id, ask.Deed), ask.Timeout, ask.Token))
                : _book.End(ask, context.AskAsync(way.Now, new Now(ask.Id, ask.Deed), ask.Timeout, ask.Token)))
                .ConfigureAwait(true);
        }
    }

    /// <summary>One ask and what became of it. Set by whoever saw it.</summary>
    private sealed class Ask(int id, int from, int to)
    {
        public int Id => id;

        public int From => from;

        public int To => to;

        public bool IsLater { get; init; }

        public Deed Deed { get; init; }

        public TimeSpan? Timeout { get; init; }

        public TimeSpan Begun { get; init; }

        public CancellationToken Token { get; init; }

        public CancellationTokenSource? Source { get; init; }

        public (int Failed, int All) CalleeEnds { get; init; }

        public int AskerEnds { get; init; }

        public int Taken { get; set; }

        public bool IsAnswered { get; set; }

        public AskOutcome? Outcome { get; set; }
    }

    /// <summary>Every ask, and what happened to callees and askers meanwhile.</summary>
    private sealed class AskBook(WorkloadRun run, Simulation simulation, int peers, int asksMost)
    {
        public const int Host = -1;

        private readonly List<Ask> _asks = [];
        private readonly List<Task> _owed = [];
        private readonly (int Failed, int All)[] _ends = new (int, int)[peers];
        private readonly int[] _turns = new int[peers];      // asynchronous ones whose code has not come to its end

        public int Peers => peers;

        public AgentId[] Ids { get; } = new AgentId[peers];

        public Way[,] AgentWays { get; } = new Way[peers, peers];

        public bool HasMore => _asks.Count < asksMost;

        public static Way IfAlive(Func<Way> grant)
        {
            try
            {
                return grant();
            }
            catch (ArgumentException)
            {
                return default;      // stopped for good: a way to nowhere
            }
        }

        public static Task UntilFired(CancellationToken token)
        {
            var fired = new TaskCompletionSource();
            token.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetCanceled(), fired);
            return fired.Task;
        }

        public void Owe(Task task) => _owed.Add(task);

        public Task Delay(CancellationToken token) =>
            Task.Delay(TimeSpan.FromMilliseconds(run.Choices.Draw(60)), simulation.ApplicationTime, token);

        /// <summary>A drawn ask; null when there were enough.</summary>
        public Ask? Begin(int from, CancellationToken turn)
        {
            if (!HasMore)
            {
                return null;
            }

            int to = run.Choices.Draw(peers);
            CancellationTokenSource? source = null;
            CancellationToken token = default;
            switch (run.Choices.Draw(5))
            {
                case 1:
                    token = turn;
                    break;
                case 2:
                    source = new CancellationTokenSource();
                    break;
                case 3:
                    source = CancellationTokenSource.CreateLinkedTokenSource(turn);
                    break;
                case 4:
                    source = new CancellationTokenSource(
                        TimeSpan.FromMilliseconds(run.Choices.Draw(80)), simulation.ApplicationTime);
                    break;
            }

            var ask = new Ask(_asks.Count, from, to)
            {
                IsLater = run.Choices.Draw(3) != 0,
                Deed = (Deed)run.Choices.Draw(8),
                Timeout = run.Choices.Pick<TimeSpan?>([null, Ms(1 + run.Choices.Draw(60)), Ms(200), TimeSpan.Zero]),
                Begun = simulation.Time.Now,
                Source = source,
                Token = source?.Token ?? token,
                CalleeEnds = _ends[to],
                AskerEnds = from == Host ? 0 : _ends[from].All,
            };
            _asks.Add(ask);
            return ask;
        }

        /// <summary>Awaits an ask of replies that name it, and judges how it ended.</summary>
        public async Task End(Ask ask, ValueTask<Reply> reply)
        {
            try
            {
                Reply answer = await reply.ConfigureAwait(true);
                JudgeReply(ask, answer.Id, answer.By);
            }
            catch (AskException none)
            {
                Judge(ask, none.Outcome);
            }
            catch (OperationCanceledException)
            {
                Judge(ask, AskOutcome.Cancelled);
            }
        }

        /// <inheritdoc cref="End(Ask, ValueTask{Reply})"/>
        public async Task End(Ask ask, ValueTask<ReplyLetter> reply)
        {
            try
            {
                ReplyLetter answer = await reply.ConfigureAwait(true);
                JudgeReply(ask, answer.Id, answer.By);
            }
            catch (AskException none)
            {
                Judge(ask, none.Outcome);
            }
            catch (OperationCanceledException)
            {
                Judge(ask, AskOutcome.Cancelled);
            }
        }

        /// <summary>Fires one of the tokens that were given to an ask; often one that ended long ago.</summary>
        public void CancelOne()
        {
            if (_asks.Count > 0 && _asks[^(1 + run.Choices.Draw(Math.Min(8, _asks.Count)))].Source is { } source)
            {
                source.Cancel();
            }
        }

        /// <summary>The callee has the request.</summary>
        public void Taken(int id, int by)
        {
            Ask ask = _asks[id];
            simulation.Require(ask.To == by, "INV-01", $"ask {id} of {ask.To} came to {by}.");
            simulation.Require(++ask.Taken == 1, "INV-01", $"ask {id} came twice.");
            simulation.Require(
                ask.Outcome is null or AskOutcome.Cancelled or AskOutcome.TimedOut, "INV-07",
                $"ask {id} ended {ask.Outcome} and came to its callee.");
        }

        public void Answered(int id, int by) => _asks[id].IsAnswered = _asks[id].To == by;

        public void Ended(int peer, ExitReason reason) =>
            _ends[peer] = (_ends[peer].Failed + (reason.IsAbnormal ? 1 : 0), _ends[peer].All + 1);

        /// <summary>Asked to stop: from here on it may be dead without another word.</summary>
        public void EndsSoon(int peer) => run.Note($"peers stopped by the host {(peer < 0 ? 0 : 1)}");

        public IDisposable Enter(int peer)
        {
            _turns[peer]++;
            return new Exit(this, peer);
        }

        /// <summary>At the end: every ask has ended, nobody waits, nobody is waited for.</summary>
        public void Check()
        {
            foreach (Ask ask in _asks.Where(static ask => ask.Outcome is not null))
            {
                run.Note($"asks {ask.Outcome}");
            }

            foreach (Ask ask in _asks)
            {
                simulation.Require(
                    ask.Outcome is not null || IsCrashed(ask), "INV-07", $"ask {ask.Id} of {ask.From} to {ask.To} never ended.");
            }

            simulation.Require(_owed.TrueForAll(static task => task.IsCompletedSuccessfully), "INV-07", FirstFault());
            simulation.Require(_turns.All(static left => left == 0), "INV-07", "a turn never ended: its token never fired.");
            foreach (Core core in simulation.Kernel.Cores)
            {
                simulation.Require(core.Replies.Pending == 0, "INV-07", $"core {core.Index} waits for replies.");
                simulation.Require(core.IsQuiet, "INV-07", $"core {core.Index} is not quiet.");
            }

            int late = _asks.Count(static ask => ask.IsAnswered && ask.Outcome != AskOutcome.Replied);
            long counted = simulation.Kernel.ListCores().Sum(static core => core.LateReplies);
            bool isExact = simulation.Options.Faults.CrashOneIn == 0;      // a crash may come between answer and reply
            simulation.Require(
                isExact ? counted == late : counted <= late, "INV-07", $"{late} replies were late, {counted} are counted.");
        }

        private string FirstFault() => _owed.Find(static task => !task.IsCompletedSuccessfully)?.Exception?.ToString()
            ?? "a wait of the host never ended.";

        /// <summary>Its asker crashed right after it asked, before it could await.</summary>
        private bool IsCrashed(Ask ask) => ask.From != Host && _ends[ask.From].All > ask.AskerEnds;

        private void JudgeReply(Ask ask, int id, int by)
        {
            simulation.Require(
                id == ask.Id && by == ask.To, "INV-07", $"ask {ask.Id} of {ask.To} got the reply of {by} to {id}.");
            simulation.Require(ask.IsAnswered, "INV-07", $"ask {ask.Id} got a reply that nobody gave.");
            Judge(ask, AskOutcome.Replied);
        }

        /// <summary>An outcome has to have a reason.</summary>
        private void Judge(Ask ask, AskOutcome outcome)
        {
            simulation.Require(ask.Outcome is null, "INV-07", $"ask {ask.Id} ended {ask.Outcome}, then {outcome}.");
            ask.Outcome = outcome;
            bool asksItself = ask.From == ask.To;
            bool askerEnded = ask.From != Host && _ends[ask.From].All > ask.AskerEnds;
            TimeSpan waited = simulation.Time.Now - ask.Begun;
            (int failed, int ends) = _ends[ask.To];
            bool isRight = outcome switch
            {
                AskOutcome.Replied => !asksItself,
                AskOutcome.TimedOut => waited >= (ask.Timeout ?? Limits.AskTimeout),
                AskOutcome.Cancelled => ask.Token.IsCancellationRequested || askerEnded,
                AskOutcome.Failed => failed > ask.CalleeEnds.Failed,
                AskOutcome.Dead => ends > ask.CalleeEnds.All || !IsAlive(ask.To),
                AskOutcome.SelfAsk => asksItself && ask.Taken == 0,
                AskOutcome.Full => ask.Taken == 0,
                AskOutcome.Denied => ask.Taken == 0 && ask.From != Host && (askerEnded || !IsAlive(ask.To)),
                AskOutcome.Revoked => ask.Taken == 0 && askerEnded,
                _ => false,
            };
            simulation.Require(
                isRight, "INV-07",
                $"ask {ask.Id} from {ask.From} to {ask.To} ({ask.Deed}) ended {outcome} after {waited.TotalMilliseconds} ms, "
                + $"taken {ask.Taken}, timeout {ask.Timeout}.");
        }

        private bool IsAlive(int peer) => simulation.Kernel.Agents.Find(Ids[peer].Value) is not null;

        private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

        private sealed class Exit(AskBook book, int peer) : IDisposable
        {
            public void Dispose() => book._turns[peer]--;
        }
    }
}

namespace Outheis.Testing;

/// <summary>Each ask, and the judgement on how it ended.</summary>
internal sealed partial class Asks
{
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

        public TimeSpan Answered { get; set; }

        public AskOutcome? Outcome { get; set; }

        public TimeSpan Ended { get; set; }
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

        public void Answered(int id, int by) =>
            (_asks[id].IsAnswered, _asks[id].Answered) = (_asks[id].To == by, simulation.Time.Now);

        public void Ended(int peer, ExitReason reason) =>
            _ends[peer] = (_ends[peer].Failed + (reason.IsAbnormal ? 1 : 0), _ends[peer].All + 1);

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
                    ask.Outcome is not null || IsCrashed(ask), "INV-07",
                    $"ask {ask.Id} of {ask.From} to {ask.To} never ended.");
            }

            simulation.Require(_owed.TrueForAll(static task => task.IsCompletedSuccessfully), "INV-07", FirstFault());
            simulation.Require(
                _turns.All(static left => left == 0), "INV-07", "a turn never ended: its token never fired.");
            foreach (Core core in simulation.Kernel.Cores)
            {
                simulation.Require(core.Replies.Pending == 0, "INV-07", $"core {core.Index} waits for replies.");
                simulation.Require(core.IsQuiet, "INV-07", $"core {core.Index} is not quiet.");
            }

            int late = _asks.Count(static ask => ask.IsAnswered && ask.Outcome != AskOutcome.Replied);
            long counted = simulation.Kernel.ListCores().Sum(static core => core.LateReplies);
            bool isExact = simulation.Options.Faults.CrashOneIn == 0;      // a crash may come between answer and reply
            simulation.Require(
                isExact ? counted == late : counted <= late, "INV-07",
                $"{late} replies were late, {counted} are counted.");
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
            (ask.Outcome, ask.Ended) = (outcome, simulation.Time.Now);
            bool asksItself = ask.From == ask.To;
            bool askerEnded = ask.From != Host && _ends[ask.From].All > ask.AskerEnds;
            TimeSpan waited = simulation.Time.Now - ask.Begun;
            (int failed, int ends) = _ends[ask.To];
            bool isRight = outcome switch
            {
                AskOutcome.Replied => !asksItself,
                AskOutcome.TimedOut => waited >= (ask.Timeout ?? Limits.AskTimeout)
                    && CircleOf(ask, simulation.Time.Now - Ms(20)) is null,
                AskOutcome.Deadlock => ask.From != Host && Waits(ask.To, ask.From, ask.Begun),
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
                $"ask {ask.Id} from {ask.From} to {ask.To} ({ask.Deed}) ended {outcome} after {waited}, "
                + $"taken {ask.Taken}, timeout {ask.Timeout}; circle: {CircleOf(ask, simulation.Time.Now - Ms(20))}.");
        }

        // Whether a peer has waited for another one since a moment, by its asks or by way of others.
        private bool Waits(int peer, int other, TimeSpan since)
        {
            var seen = new HashSet<int> { peer };
            var left = new Queue<int>(seen);
            while (left.TryDequeue(out int at))
            {
                foreach (Ask next in _asks.Where(one => one.From == at
                    && (one.Outcome is null || one.Ended >= since) && (!one.IsAnswered || one.Answered >= since)))
                {
                    if (next.To == other)
                    {
                        return true;
                    }

                    if (seen.Add(next.To))
                    {
                        left.Enqueue(next.To);
                    }
                }
            }

            return false;
        }

        // The circle that an ask was one of, of such that began before a moment and are not over; null: none, or they
        // may be on their way, since time moves on although there is work.
        private string? CircleOf(Ask ask, TimeSpan since)
        {
            string circle = $"{ask.Id} of {ask.From}";
            Ask? next = simulation.Options.TimeMovesOneIn != 0 || ask.From == Host || ask.Begun > since ? null : ask;
            for (int i = 0; next is not null && i < peers; i++)
            {
                int at = next.To;
                next = _asks.Find(one => one.From == at && one.Outcome is null && one.Begun <= since
                    && !IsCrashed(one));
                circle += $", {next?.Id} of {at}";
                if (next?.To == ask.From)
                {
                    return circle;
                }
            }

            return null;
        }

        private bool IsAlive(int peer) => simulation.Kernel.Agents.Find(Ids[peer].Value) is { IsDead: false };

        private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

        private sealed class Exit(AskBook book, int peer) : IDisposable
        {
            public void Dispose() => book._turns[peer]--;
        }
    }
}

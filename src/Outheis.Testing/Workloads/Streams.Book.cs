namespace Outheis.Testing;

/// <summary>Each stream, and the judgement on how it ended.</summary>
internal sealed partial class Streams
{
    /// <summary>One stream and what became of it. Set by whoever saw it.</summary>
    private sealed class Flow(int id, int by, int of)
    {
        public int Id => id;

        public int By => by;

        public int Of => of;

        public StreamCapability<Ask, Item> Way { get; init; }

        public int Items { get; init; }

        public int Window { get; init; }

        public Deed Deed { get; init; }

        public bool IsSlow { get; init; }

        public int BreaksAfter { get; init; }      // 0: never

        public bool Dawdles { get; init; }

        public TimeSpan? Timeout { get; init; }

        public CancellationTokenSource? Source { get; init; }

        public CancellationToken Token => Source?.Token ?? default;

        public (int Failed, int All) ProducerEnds { get; init; }

        public int ConsumerEnds { get; init; }

        public bool HasBegun { get; set; }

        public bool IsRevoked { get; set; }

        public bool IsWhole { get; set; }

        public int Produced { get; set; }

        public int Taken { get; set; }

        /// <summary>When it began to wait for its next item.</summary>
        public TimeSpan Since { get; set; }

        public string? End { get; set; }
    }

    /// <summary>Every stream, and what happened to its two sides meanwhile.</summary>
    private sealed class StreamBook(WorkloadRun run, Simulation simulation, int peers, int streamsMost)
    {
        public const int Host = -1;

        private readonly List<Flow> _flows = [];
        private readonly List<Task> _owed = [];
        private readonly (int Failed, int All)[] _ends = new (int, int)[peers];
        private readonly List<string> _open = [];      // turns and enumerators whose code has not come to its end

        public int Peers => peers;

        public AgentId[] Ids { get; } = new AgentId[peers];

        public bool HasMore => _flows.Count < streamsMost;

        public static Task UntilFired(CancellationToken token)
        {
            var fired = new TaskCompletionSource();
            token.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetCanceled(), fired);
            return fired.Task;
        }

        public Task Delay(CancellationToken token) =>
            Task.Delay(TimeSpan.FromMilliseconds(run.Choices.Draw(40)), simulation.ApplicationTime, token);

        public void Owe(Task task) => _owed.Add(task);

        public Flow Begin(int by, int of, StreamCapability<Ask, Item> way)
        {
            Choices choices = run.Choices;
            var deed = (Deed)choices.Draw(5);
            var flow = new Flow(_flows.Count, by, of)
            {
                Way = way,
                Items = choices.Pick([10, 0, 1, 3, 70]),
                Window = choices.Pick([Limits.StreamWindow, 1, 2, 5]),
                Deed = deed,
                IsSlow = choices.Chance(4),
                BreaksAfter = deed == Deed.GoOnForEver || choices.Chance(3) ? 1 + choices.Draw(20) : 0,
                Dawdles = choices.Chance(3),
                Timeout = choices.Pick<TimeSpan?>([null, TimeSpan.FromMilliseconds(1 + choices.Draw(50))]),
                Source = choices.Chance(3) ? new CancellationTokenSource() : null,
                ProducerEnds = _ends[of],
                ConsumerEnds = by == Host ? 0 : _ends[by].All,
            };
            _flows.Add(flow);
            return flow;
        }

        /// <summary>Takes a stream to its end, whatever that is, and judges it.</summary>
        public async Task TakeAsync(Flow flow, IAsyncEnumerable<Item> items, CancellationToken token)
        {
            try
            {
                flow.Since = simulation.Time.Now;
                await foreach (Item item in items.WithCancellation(token).ConfigureAwait(true))
                {
                    flow.Taken++;
                    simulation.Require(
                        item == new Item(flow.Id, flow.Taken), "INV-02",
                        $"stream {flow.Id} brought {item} where its item {flow.Taken} was to come.");
                    if (flow.Taken == flow.BreaksAfter)
                    {
                        Judge(flow, "broken off");
                        break;
                    }

                    if (flow.Dawdles)
                    {
                        run.Note("slow consumers");
                        await Delay(CancellationToken.None).ConfigureAwait(true);
                    }

                    flow.Since = simulation.Time.Now;
                }

                if (flow.End is null)
                {
                    Judge(flow, "complete");
                }
            }
            catch (AskException none)
            {
                Judge(flow, none.Outcome.ToString());
            }
            catch (OperationCanceledException)
            {
                Judge(flow, "Cancelled");
            }
        }

        /// <summary>Fires a token, or revokes a right; often of a stream that ended long ago.</summary>
        public void CancelOne()
        {
            if (_flows.Count == 0 || run.Choices.Draw(3) != 0)
            {
                return;
            }

            Flow flow = _flows[^(1 + run.Choices.Draw(Math.Min(8, _flows.Count)))];
            if (run.Choices.Chance(2))
            {
                flow.Source?.Cancel();
            }
            else if (flow.By != Host)
            {
                flow.IsRevoked = true;
                Owe(simulation.Kernel.RevokeAsync(flow.Way));
            }
        }

        /// <summary>The producer has the request.</summary>
        public Flow Taken(int id, int by)
        {
            Flow flow = _flows[id];
            simulation.Require(flow.Of == by, "INV-01", $"the request of stream {id} of {flow.Of} came to {by}.");
            simulation.Require(!flow.HasBegun, "INV-01", $"the request of stream {id} came twice.");
            flow.HasBegun = true;
            return flow;
        }

        public void Produced(Flow flow, int number)
        {
            flow.Produced = number;
            int ahead = number - flow.Taken;      // the consumer may be about to note that it has one
            run.Note(ahead == flow.Window ? "windows used up" : "windows not used up");
            simulation.Require(
                ahead <= flow.Window + 1, "stream window",
                $"stream {flow.Id}: item {number} is produced, {flow.Taken} are taken, its window is {flow.Window}.");
        }

        public void Ended(int peer, ExitReason reason) =>
            _ends[peer] = (_ends[peer].Failed + (reason.IsAbnormal ? 1 : 0), _ends[peer].All + 1);

        public IDisposable Enter(Flow flow, string side)
        {
            string what = $"{side} of stream {flow.Id}";
            _open.Add(what);
            return new Exit(this, what);
        }

        /// <summary>At the end: both sides of every stream have ended.</summary>
        public void Check()
        {
            foreach (Flow flow in _flows)
            {
                run.Note($"streams {flow.End ?? "never taken"}");
                simulation.Require(
                    flow.End is not null || !flow.HasBegun || HasConsumerEnded(flow), "INV-07",
                    $"stream {flow.Id} of {flow.Of} to {flow.By} never ended.");
            }

            simulation.Require(_owed.TrueForAll(static task => task.IsCompletedSuccessfully), "INV-07", FirstFault());
            simulation.Require(
                _open.Count == 0, "INV-07", $"never came to its end: {string.Join(", ", _open)}.");
            foreach (Core core in simulation.Kernel.Cores)
            {
                simulation.Require(core.Replies.Pending == 0, "INV-07", $"core {core.Index} waits for a stream.");
                simulation.Require(core.IsQuiet, "INV-07", $"core {core.Index} is not quiet.");
            }
        }

        private string FirstFault() => _owed.Find(static task => !task.IsCompletedSuccessfully)?.Exception?.ToString()
            ?? "a stream of the host never ended.";

        private bool HasConsumerEnded(Flow flow) => flow.By != Host && _ends[flow.By].All > flow.ConsumerEnds;

        // Between its end and its restart, if it has had any.
        private static bool WasGrantedToAnEarlierOne(Flow flow) =>
            flow.By != Host && !flow.HasBegun && flow.ConsumerEnds > 0;

        // An end has to have a reason.
        private void Judge(Flow flow, string end)
        {
            simulation.Require(flow.End is null, "INV-07", $"stream {flow.Id} ended {flow.End}, then {end}.");
            flow.End = end;
            (int failed, int all) = _ends[flow.Of];
            bool isSelf = flow.By == flow.Of;
            bool isRight = end switch
            {
                "complete" => flow.IsWhole && flow.Taken == flow.Produced,
                "broken off" => true,
                nameof(AskOutcome.TimedOut) => simulation.Time.Now - flow.Since >= (flow.Timeout ?? Limits.AskTimeout),
                nameof(AskOutcome.Failed) => failed > flow.ProducerEnds.Failed,
                nameof(AskOutcome.Dead) => all > flow.ProducerEnds.All || !IsAlive(flow.Of) || flow.HasBegun,
                nameof(AskOutcome.SelfAsk) => isSelf && !flow.HasBegun,
                nameof(AskOutcome.Full) => !flow.HasBegun,
                nameof(AskOutcome.Revoked) =>
                    flow.IsRevoked || HasConsumerEnded(flow) || WasGrantedToAnEarlierOne(flow),
                nameof(AskOutcome.Denied) => flow.By != Host && (HasConsumerEnded(flow) || flow.Way == default),
                "Cancelled" => flow.Token.IsCancellationRequested || HasConsumerEnded(flow) || flow.By != Host,
                _ => false,
            };
            simulation.Require(
                isRight, "INV-07",
                $"stream {flow.Id} of {flow.Of} to {flow.By} ({flow.Deed}) ended {end}, {flow.Produced} produced, "
                + $"{flow.Taken} taken.");
        }

        private bool IsAlive(int peer) => simulation.Kernel.Agents.Find(Ids[peer].Value) is { IsDead: false };

        private sealed class Exit(StreamBook book, string what) : IDisposable
        {
            public void Dispose() => book._open.Remove(what);
        }
    }
}

using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace Outheis.Testing;

/// <summary>
/// Many write to an output that the host reads slowly: agents with Send and with SendAsync (with their turn's token,
/// one of their own, or none), the host with the capability's writer. It is bounded from end to end, and every wait
/// ends.
/// </summary>
internal sealed class SlowReader : Workload
{
    public override string Name => "slow reader";

    public override string Promise =>
        "an output holds no more than its two capacities, loses nothing, and every wait ends";

    protected internal override void Run(WorkloadRun run)
    {
        SimulationOptions options = run.DrawOptions();
        Simulation simulation = run.Start(options with { Faults = options.Faults with { CrashOneIn = 0 } });
        int capacity = run.Choices.Pick([8, 1, 3, 100]), most = run.Choices.Pick([60, 200, 600]);
        var page = new Page(run, simulation, capacity, most);
        int agents = 1 + run.Choices.Draw(5);
        for (int i = 0; i < agents; i++)
        {
            AddAgent(run, simulation, page, writer: i);
        }

        AddHost(simulation, page, writer: agents);
        page.Begin(() => ReadSlowly(run, simulation, page));
        simulation.RunToEnd();
        page.CheckAllWasRead();
        if (simulation.Stop().StuckCores.Count > 0)
        {
            run.Note("stops that passed over a slow core");      // time moved on before it did
            return;
        }

        simulation.RunToEnd();
        page.CheckEveryWaitEnded();
    }

    private static void AddAgent(WorkloadRun run, Simulation simulation, Page page, int writer)
    {
        Kernel kernel = simulation.Kernel;
        AgentId id = kernel.Spawn($"writer {writer}", born => new Writer(page, writer, born), new SpawnOptions
        {
            Core = run.Choices.Draw(kernel.ListCores().Count),
        });
        Capability<Write> write = kernel.Grant<Write>(id);
        int acts = 0;      // bounded: while somebody acts, time may stand still, and with it the reader
        simulation.AddActor($"has writer {writer} write", () =>
        {
            SendResult sent = write.Send(new Write(run.Choices.Draw(4), 1 + run.Choices.Draw(20)));
            return page.HasMore && sent is SendResult.Sent or SendResult.Full && ++acts < 60;
        });
        if (run.Choices.Chance(4))
        {
            int waits = run.Choices.Draw(100);
            simulation.AddActor($"ends writer {writer}", () =>
            {
                if (waits-- <= 0)
                {
                    page.Begin(() => kernel.StopAgentAsync(id));
                    run.Note("writers ended");
                }

                return waits >= 0;
            });
        }
    }

    private static void AddHost(Simulation simulation, Page page, int writer)
    {
        ChannelWriter<Line> channel = simulation.Kernel.Grant<Line>(page.Output.Agent, badge: (ulong)writer).AsWriter();
        page.Begin(async () =>
        {
            while (page.Next(writer) is { } line)
            {
                using CancellationTokenSource patience = page.DrawPatience();
                try
                {
                    ValueTask write = channel.WriteAsync(line, patience.Token);
                    page.Note("host writes that waited", write.IsCompleted ? 0 : 1);
                    await write.ConfigureAwait(true);
                    page.Accepted(line);
                }
                catch (OperationCanceledException) when (patience.IsCancellationRequested)
                {
                    page.InDoubt(line);      // its time may have run out when it was being written
                    page.Note("host writes cancelled", 1);
                }
            }
        });
        page.Begin(async () =>
        {
            while (page.Next(writer + 1) is { } line)
            {
                page.End(line, await TryAndWait(simulation, page, channel, line).ConfigureAwait(true));
            }
        });
    }

    private static async Task<SendResult> TryAndWait(
        Simulation simulation, Page page, ChannelWriter<Line> channel, Line line)
    {
        using CancellationTokenSource patience = page.DrawPatience();
        try
        {
            while (!channel.TryWrite(line))
            {
                page.Note("host waited to write", 1);
                bool isOpen = await channel.WaitToWriteAsync(patience.Token).ConfigureAwait(true);
                simulation.Require(isOpen, "slow reader", "an output that is open said that it is closed.");
            }

            return SendResult.Sent;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            page.Note("host waits to write cancelled", 1);
            return SendResult.Full;
        }
    }

    private static async Task ReadSlowly(WorkloadRun run, Simulation simulation, Page page)
    {
        while (await page.Output.Reader.WaitToReadAsync().ConfigureAwait(true))
        {
            var pause = TimeSpan.FromMilliseconds(1 + run.Choices.Draw(6));      // with none time would stand still
            await Task.Delay(pause, simulation.ApplicationTime).ConfigureAwait(true);
            for (int more = 1 + run.Choices.Draw(12); more > 0 && page.Output.Reader.TryRead(out Line line); more--)
            {
                page.Read(line);
            }
        }
    }

    private readonly record struct Line(int Writer, int Number);

    private readonly record struct Write(int How, int Lines);

    private sealed class Writer(Page page, int index, Endowment born) : Agent, IHandleAsync<Write>
    {
        private readonly Capability<Line> _output = born.GrantOutput(page.Output);

        public async ValueTask HandleAsync(Write message, AgentContext context, CancellationToken cancellationToken)
        {
            for (int i = 0; i < message.Lines && page.Next(index) is { } line; i++)
            {
                switch (message.How)
                {
                    case 0:
                        page.End(line, context.Send(_output, line));
                        break;
                    case 1:
                        page.End(line, await page.Waiting(
                            context.SendAsync(_output, line, CancellationToken.None)).ConfigureAwait(true));
                        break;
                    case 2:
                        await WriteAsync(context, line, cancellationToken).ConfigureAwait(true);
                        break;
                    default:
                        using (CancellationTokenSource patience = page.DrawPatience())
                        {
                            await WriteAsync(context, line, patience.Token).ConfigureAwait(true);
                        }

                        break;
                }
            }
        }

        /// <summary>On the agent's core a wait that was cancelled has not sent.</summary>
        private async ValueTask WriteAsync(AgentContext context, Line line, CancellationToken token)
        {
            try
            {
                page.End(line, await page.Waiting(context.SendAsync(_output, line, token)).ConfigureAwait(true));
            }
            catch (OperationCanceledException cancelled)
            {
                page.RequireCancelled(cancelled, token);
                page.End(line, SendResult.Full);
            }
        }
    }

    /// <summary>What was written and what was read.</summary>
    private sealed class Page(WorkloadRun run, Simulation simulation, int capacity, int most)
    {
        private readonly Dictionary<int, int> _given = [];      // numbers, by writer
        private readonly Dictionary<int, int> _newest = [];
        private readonly HashSet<Line> _underWay = [];          // accepted, or in doubt, and not read
        private readonly HashSet<Line> _inDoubt = [];
        private readonly HashSet<Line> _read = [];
        private readonly List<Task> _begun = [];
        private int _lines;
        private int _waits;

        public Output<Line> Output { get; } = simulation.Kernel.OpenOutput<Line>("page", capacity);

        public bool HasMore => _lines < most;

        public void Begin(Func<Task> task) => simulation.AddActor("begins", () =>
        {
            _begun.Add(task());
            return false;
        });

        public void Note(string state, int times) => run.Note(state, times);

        public CancellationTokenSource DrawPatience() =>
            new(TimeSpan.FromMilliseconds(run.Choices.Pick([60_000, 1, 5, 20])), simulation.ApplicationTime);

        /// <summary>A line to write; under way until its writer is told otherwise.</summary>
        public Line? Next(int writer)
        {
            if (!HasMore)
            {
                return null;
            }

            _lines++;
            int number = _given[writer] = _given.GetValueOrDefault(writer) + 1;
            var line = new Line(writer, number);
            _inDoubt.Add(line);
            return line;
        }

        public async ValueTask<SendResult> Waiting(ValueTask<SendResult> sent)
        {
            if (sent.IsCompleted)
            {
                return await sent.ConfigureAwait(true);
            }

            run.Note("agent waits");
            _waits++;
            try
            {
                return await sent.ConfigureAwait(true);
            }
            finally
            {
                _waits--;
            }
        }

        public void RequireCancelled(OperationCanceledException cancelled, CancellationToken token)
        {
            run.Note("agent waits cancelled");
            simulation.Require(
                token.IsCancellationRequested && cancelled.CancellationToken == token, "slow reader",
                "a wait ended cancelled by another token than its own.");
        }

        public void End(Line line, SendResult result)
        {
            run.Note($"sends {result}");
            if (result == SendResult.Sent)
            {
                Accepted(line);
                return;
            }

            _inDoubt.Remove(line);
            simulation.Require(!_read.Contains(line), "INV-01", $"{line} was refused ({result}) and read.");
        }

        /// <summary>The channel, the reader's buffer, and one line in the hand of who moves them.</summary>
        public void Accepted(Line line)
        {
            _inDoubt.Remove(line);
            if (!_read.Contains(line))
            {
                _underWay.Add(line);
            }

            int bound = (2 * capacity) + 1;
            run.Note("output full", _underWay.Count == bound ? 1 : 0);
            simulation.Require(
                _underWay.Count <= bound, "bounded", $"{_underWay.Count} lines are under way, {bound} may be.");
        }

        public void InDoubt(Line line) => _inDoubt.Add(line);

        public void Read(Line line)
        {
            simulation.Require(
                _underWay.Remove(line) || _inDoubt.Remove(line), "INV-01", $"{line} was read twice, or never written.");
            simulation.Require(
                line.Number > _newest.GetValueOrDefault(line.Writer), "INV-02",
                $"{line} was read behind {_newest.GetValueOrDefault(line.Writer)}.");
            _newest[line.Writer] = line.Number;
            _read.Add(line);
        }

        /// <summary>With nothing under way.</summary>
        public void CheckAllWasRead()
        {
            ThrowWhatFailed();
            simulation.Require(_underWay.Count == 0, "INV-01", $"{_underWay.Count} lines were accepted and not read.");
            simulation.Require(_waits == 0, "INV-08", $"{_waits} agents still wait for room.");
        }

        public void CheckEveryWaitEnded()
        {
            ThrowWhatFailed();
            simulation.Require(
                _begun.TrueForAll(static task => task.IsCompleted), "INV-08",
                "a wait of the host never ended.");
        }

        // What the host's code found wrong is in its tasks.
        private void ThrowWhatFailed()
        {
            if (_begun.Find(static task => task.IsFaulted) is { } failed)
            {
                ExceptionDispatchInfo.Throw(failed.Exception!.InnerException!);
            }
        }
    }
}

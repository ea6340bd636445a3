using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// A chat room on a real day. Each nick is an agent, made when it is first seen; the host gives each its lines, and it
/// says them: to whom it addresses, or to the channel, which relays them to a host that reads slowly. Nobody's channel
/// holds much, so everybody waits for room; who waits too long keeps the line in an outbox, which outlives a crash.
/// </summary>
internal sealed class Irc(string folder) : Workload
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    private readonly Lazy<ChatLog[]> _logs = new(() => ChatLog.ReadAll(folder));

    public override string Name => "irc";

    public override string Promise => "every addressee gets every line of every speaker once, in order, as it was said";

    protected internal override void Run(WorkloadRun run)
    {
        SimulatedDisk? disk = run.Choices.Chance(3) ? new SimulatedDisk() : null;
        Simulation simulation = run.Start(run.DrawOptions() with
        {
            Disk = disk,
            Codecs = new MessageCodecs().AddJson(ChatLineJson.Default.ChatLine),
        });
        IReadOnlyList<ChatLine> day = run.Choices.Pick(_logs.Value).Lines;
        int count = Math.Min(run.Choices.Pick([60, 120, 300]), day.Count);
        int first = run.Choices.Draw(day.Count - count + 1);
        var room = new ChatRoom(run, simulation, [.. day.Skip(first).Take(count)]);
        AgentId supervisor = simulation.Kernel.Spawn(
            "restarts nicks", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        room.Open(supervisor, born => new Channel(room, born), (nick, born) => new Speaker(room, nick, born));
        AddFeeders(run, simulation, room);
        room.Owe(simulation, () => ReadSlowly(run, simulation, room));
        room.Owe(simulation, () => NudgeUntilAllIsSaid(simulation, room));
        simulation.RunToEnd();
        room.CheckAllWasHeard();
        StopReport report = simulation.Stop();
        simulation.Require(
            report.Undrained.Count == 0 && report.JournalFailure is null, "stop",
            $"a room at rest: {report.JournalFailure} {string.Join(", ", report.Undrained)}.");
        if (report.StuckCores.Count > 0)
        {
            run.Note("stops that passed over a slow core");      // time moved on before it did
            return;
        }

        simulation.RunToEnd();      // the reader sees that nothing more comes
        room.CheckTasks();
        if (disk is not null)
        {
            room.CheckJournal(disk);
        }
    }

    private static void AddFeeders(WorkloadRun run, Simulation simulation, ChatRoom room)
    {
        int feeders = 1 + run.Choices.Draw(3);
        for (int i = 0; i < feeders; i++)
        {
            var lines = new Queue<ChatLine>(room.Lines.Where(line => room.IndexOf(line.From) % feeders == i));
            Feed(lines);
        }

        void Feed(Queue<ChatLine> lines) => simulation.AddActor("feeds", () =>
        {
            if (!lines.TryPeek(out ChatLine? line))
            {
                return false;
            }

            if (room.Join(line) is not { } way)
            {
                return true;
            }

            lines.Dequeue();
            SendResult sent = way.Send(new Say(line));
            if (sent == SendResult.Full)
            {
                room.Owe(simulation, () => FeedSlowly(way, line, lines));
                return false;
            }

            room.Told(line, sent);
            return true;
        });

        async Task FeedSlowly(Capability<Say> way, ChatLine line, Queue<ChatLine> lines)
        {
            run.Note("host waits for room");
            room.Told(line, await way.SendAsync(new Say(line)).ConfigureAwait(true));
            Feed(lines);
        }
    }

    private static async Task ReadSlowly(WorkloadRun run, Simulation simulation, ChatRoom room)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(run.Choices.Pick([0, 1, 10]));
        while (await room.Output.Reader.WaitToReadAsync().ConfigureAwait(true))
        {
            await Task.Delay(pause, simulation.ApplicationTime).ConfigureAwait(true);
            for (int more = 1 + run.Choices.Draw(8); more > 0 && room.Output.Reader.TryRead(out ChatLine? line); more--)
            {
                room.Read(line);
            }
        }
    }

    /// <summary>A speaker that could not say a line tries again when it is told something else, or nudged.</summary>
    private static async Task NudgeUntilAllIsSaid(Simulation simulation, ChatRoom room)
    {
        for (int times = 0; times < 2000 && !room.IsAllSaid; times++)
        {
            await Task.Delay(Patience, simulation.ApplicationTime).ConfigureAwait(true);
            room.Nudge();
        }
    }

    private sealed class Speaker : Agent, IHandleAsync<Say>, IHandleAsync<Nudge>, IHandle<ChatLine>
    {
        private readonly ChatRoom _room;
        private readonly ChatNick _nick;

        public Speaker(ChatRoom room, ChatNick nick, Endowment born)
        {
            (_room, _nick) = (room, nick);
            nick.IsSaying = false;
            foreach (ChatNick contact in nick.Contacts)
            {
                nick.Ways[contact.Index] = born.Grant<ChatLine>(contact.Id, badge: nick.Badge);
            }
        }

        public async ValueTask HandleAsync(Say message, AgentContext context, CancellationToken cancellationToken)
        {
            _room.Take(_nick, message.Line);
            await EmptyOutboxAsync(context, cancellationToken).ConfigureAwait(true);
            _nick.SaysDone++;
        }

        public ValueTask HandleAsync(Nudge message, AgentContext context, CancellationToken cancellationToken) =>
            EmptyOutboxAsync(context, cancellationToken);

        public void Handle(in ChatLine message, Context context) =>
            _room.Hear(_nick, message, context.Sender, context.Badge);

        private async ValueTask EmptyOutboxAsync(AgentContext context, CancellationToken cancellationToken)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using ITimer timer = _room.After(Patience, patience.Cancel);      // whom it addresses may wait for this one
            while (_room.BeginSaying(_nick) is { } line)
            {
                try
                {
                    ValueTask<SendResult> sent = context.SendAsync(_room.WayOf(_nick, line), line, patience.Token);
                    _room.Note("speaker waits for room", sent.IsCompleted ? 0 : 1);
                    if (!_room.EndSaying(_nick, line, await sent.ConfigureAwait(true)))
                    {
                        return;
                    }
                }
                catch (OperationCanceledException)
                {
                    // On the agent's core a wait that was cancelled has not sent.
                    _room.EndSaying(_nick, line, SendResult.Full);
                    return;
                }
            }
        }
    }

    private sealed class Channel(ChatRoom room, Endowment born) : Agent, IHandleAsync<ChatLine>
    {
        private readonly Capability<ChatLine> _output = born.GrantOutput(room.Output);

        public async ValueTask HandleAsync(ChatLine message, AgentContext context, CancellationToken cancellationToken)
        {
            room.Hear(room.Channel, message, context.Sender, context.Badge);
            room.BeginRelaying(message);
            ValueTask<SendResult> sent = context.SendAsync(_output, message, cancellationToken);
            room.Note("channel waits for its reader", sent.IsCompleted ? 0 : 1);
            room.EndRelaying(message, await sent.ConfigureAwait(true));
        }
    }
}

/// <summary>Says a line, and what could not be said before it.</summary>
internal sealed record Say(ChatLine Line);

/// <summary>Says what could not be said before.</summary>
internal readonly record struct Nudge;

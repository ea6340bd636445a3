using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace Outheis.Testing;

/// <summary>What became of every line of a chat, and what must not be lost with an agent that crashes: its outbox and
/// whom it knows.</summary>
internal sealed class ChatRoom(WorkloadRun run, Simulation simulation, ChatLine[] lines)
{
    private readonly Stage[] _stages = new Stage[lines.Length];
    private readonly Stage[] _relays = new Stage[lines.Length];
    private readonly List<ChatNick> _nicks = [];
    private readonly Dictionary<string, ChatNick> _byName = [];
    private readonly Dictionary<(int From, int To), int> _newest = [];      // only looked up, never listed
    private readonly Dictionary<int, int> _newestRead = [];
    private readonly List<Task> _owed = [];
    private readonly DeadLetterLog _deadLetters = new(simulation);
    private AgentId _supervisor;
    private bool _isJoining;
    private Func<ChatNick, Endowment, Agent> _makeSpeaker = null!;

    /// <summary>How far a line has come.</summary>
    private enum Stage
    {
        Unsaid,
        InDoubt,      // its speaker crashed before it was told whether it was sent
        Accepted,
        Heard,
    }

    public ChatLine[] Lines => lines;

    /// <summary>Hears what is addressed to nobody.</summary>
    public ChatNick Channel { get; private set; } = null!;

    public Output<ChatLine> Output { get; private set; } = null!;

    /// <summary>Every line was given to its speaker, and no outbox holds any.</summary>
    public bool IsAllSaid => _nicks.Sum(static nick => nick.SaysTold) == lines.Length
        && _nicks.TrueForAll(static nick => nick.Outbox.Count == 0 && !nick.IsSaying);

    public void Open(
        AgentId supervisor, Func<Endowment, Agent> makeChannel, Func<ChatNick, Endowment, Agent> makeSpeaker)
    {
        (_supervisor, _makeSpeaker) = (supervisor, makeSpeaker);
        Output = simulation.Kernel.OpenOutput<ChatLine>("all lines", run.Choices.Pick([16, 1, 4]));
        Channel = new ChatNick("#ubuntu", 0);
        _nicks.Add(Channel);
        var options = new SpawnOptions { Supervisor = supervisor, Capacity = run.Choices.Pick([64, 2, 8]) };
        Channel.Id = simulation.Kernel.Spawn(Channel.Name, makeChannel, options);
    }

    public int IndexOf(string name)
    {
        if (!_byName.TryGetValue(name, out ChatNick? nick))
        {
            nick = new ChatNick(name, _nicks.Count);
            _nicks.Add(nick);
            _byName.Add(name, nick);
        }

        return nick.Index;
    }

    /// <summary>Makes the agents of a line that were not seen before, and the way between them. Null: another feeder
    /// is in the middle of that.</summary>
    public Capability<Say>? Join(ChatLine line)
    {
        if (_isJoining)
        {
            return null;
        }

        _isJoining = true;
        ChatNick from = Seen(line.From), to = line.To is null ? Channel : Seen(line.To);
        if (!from.Contacts.Contains(to))
        {
            from.Contacts.Add(to);      // first: if it starts again now, it is granted this way with the others
            from.Ways[to.Index] = simulation.Kernel.GrantTo<ChatLine>(from.Id, to.Id, badge: from.Badge);
        }

        _isJoining = false;
        return from.Say;
    }

    public void Told(ChatLine line, SendResult sent)
    {
        simulation.Require(sent == SendResult.Sent, "INV-01", $"{line} was refused by its speaker: {sent}.");
        _nicks[IndexOf(line.From)].SaysTold++;
        _deadLetters.Collect();
    }

    public void Owe(Simulation owing, Func<Task> begin) => owing.AddActor("begins to wait", () =>
    {
        _owed.Add(begin());
        return false;
    });

    public void Note(string state, int times) => run.Note(state, times);

    public ITimer After(TimeSpan time, Action then) =>
        simulation.ApplicationTime.CreateTimer(_ => then(), null, time, Timeout.InfiniteTimeSpan);

    public void Nudge()
    {
        _deadLetters.Collect();
        foreach (ChatNick nick in _nicks)
        {
            if (nick.Outbox.Count > 0)
            {
                nick.Nudge.Send(default);
            }
        }
    }

    /// <summary>The speaker was given a line to say: from here it is its own.</summary>
    public void Take(ChatNick nick, ChatLine line)
    {
        RequireInOrder(-1, nick.Index, line);
        simulation.Require(line.From == nick.Name, "INV-01", $"{line} came to {nick.Name}.");
        nick.SaysTaken++;
        nick.Outbox.AddLast(line);
    }

    public Capability<ChatLine> WayOf(ChatNick nick, ChatLine line) => nick.Ways[TargetOf(line).Index];

    /// <summary>The next line of the outbox. In doubt until <see cref="EndSaying"/>.</summary>
    public ChatLine? BeginSaying(ChatNick nick)
    {
        _deadLetters.Collect();
        if (nick.Outbox.First?.Value is not { } line)
        {
            return null;
        }

        nick.Outbox.RemoveFirst();
        nick.IsSaying = true;
        _stages[At(line)] = Stage.InDoubt;
        return line;
    }

    /// <summary>Whether it was sent. What was refused stays in the outbox, in its place.</summary>
    public bool EndSaying(ChatNick nick, ChatLine line, SendResult result)
    {
        run.Note($"says {result}");
        nick.IsSaying = false;
        ref Stage stage = ref _stages[At(line)];
        if (result != SendResult.Sent)
        {
            simulation.Require(stage != Stage.Heard, "INV-01", $"{line} was refused ({result}) and heard.");
            stage = Stage.Unsaid;
            nick.Outbox.AddFirst(line);
            return false;
        }

        stage = stage == Stage.Heard ? stage : Stage.Accepted;
        return true;
    }

    /// <summary>A line came to whom it addresses, or to the channel.</summary>
    public void Hear(ChatNick nick, ChatLine line, AgentId sender, ulong badge)
    {
        _deadLetters.Collect();
        ChatNick speaker = _nicks[IndexOf(line.From)];
        simulation.Require(TargetOf(line) == nick, "INV-01", $"{line} came to {nick.Name}.");
        simulation.Require(
            sender == speaker.Id && badge == speaker.Badge, "INV-15", $"{line} came from {sender} with badge {badge}.");
        simulation.Require(
            _stages[At(line)] is Stage.InDoubt or Stage.Accepted, "INV-01",
            $"{line} came when it was {_stages[At(line)]}.");
        RequireInOrder(speaker.Index, nick.Index, line);
        _stages[At(line)] = Stage.Heard;
        nick.Heard++;
    }

    public void BeginRelaying(ChatLine line) => _relays[At(line)] = Stage.InDoubt;

    public void EndRelaying(ChatLine line, SendResult result)
    {
        simulation.Require(result == SendResult.Sent, "INV-01", $"{line} was not relayed: {result}.");
        ref Stage stage = ref _relays[At(line)];
        stage = stage == Stage.Heard ? stage : Stage.Accepted;
    }

    /// <summary>The host has read a line from the channel.</summary>
    public void Read(ChatLine line)
    {
        simulation.Require(
            _relays[At(line)] is Stage.InDoubt or Stage.Accepted, "INV-01",
            $"{line} was read when it was {_relays[At(line)]}.");
        int speaker = IndexOf(line.From);
        simulation.Require(
            line.Number > _newestRead.GetValueOrDefault(speaker, -1) && ReferenceEquals(lines[At(line)], line),
            "INV-02",
            $"{line} was read after {_newestRead.GetValueOrDefault(speaker, -1)}, or is not what was said.");
        _newestRead[speaker] = line.Number;
        _relays[At(line)] = Stage.Heard;
    }

    /// <summary>With nothing under way: every line was heard by whom it addresses, or there is a dead letter for it.
    /// What was relayed was read.</summary>
    public void CheckAllWasHeard()
    {
        ThrowWhatFailed();
        _deadLetters.Collect();
        simulation.Require(IsAllSaid, "INV-08", "the room is at rest, and not all was said.");
        foreach (ChatNick nick in _nicks)
        {
            int dead = _deadLetters.Between(AgentId.Host, nick.Id, nameof(Say));
            simulation.Require(
                nick.SaysDone + dead == nick.SaysTold && nick.SaysTaken >= nick.SaysDone, "INV-01",
                $"{nick.Name} was told {nick.SaysTold} lines, handled {nick.SaysDone}, {dead} are dead letters.");
        }

        foreach (IGrouping<(int From, int To), ChatLine> way in lines.GroupBy(WayIndexOf))
        {
            CheckWay(_nicks[way.Key.From], _nicks[way.Key.To], [.. way]);
        }

        int lost = _relays.Count(static stage => stage == Stage.Accepted);
        simulation.Require(lost == 0, "INV-01", $"{lost} lines were relayed and not read.");
        run.Note("nicks", _nicks.Count);
        run.Note("addressed lines heard", lines.Count(line => line.To is not null && _stages[At(line)] == Stage.Heard));
        run.Note("dead letters", _deadLetters.Count);
        run.Note("in doubt", _stages.Count(static stage => stage == Stage.InDoubt));
    }

    public void CheckTasks() => simulation.Require(
        _owed.TrueForAll(static task => task.IsCompletedSuccessfully), "INV-08", "a wait of the host never ended.");

    /// <summary>What the host's code has found wrong is in its tasks.</summary>
    private void ThrowWhatFailed()
    {
        if (_owed.Find(static task => task.IsFaulted) is { } failed)
        {
            ExceptionDispatchInfo.Throw(failed.Exception!.InnerException!);
        }
    }

    /// <summary>What the journal tells is what was said, each line once on each part of its way.</summary>
    public void CheckJournal(SimulatedDisk disk)
    {
        int[] told = new int[lines.Length];
        using JournalReader reader = disk.ReadJournal(Simulation.JournalDirectory);
        foreach (JournalEntry entry in reader.Read())
        {
            if (entry.Kind == JournalKind.Sent && entry.TypeName == nameof(ChatLine))
            {
                ChatLine line = JsonSerializer.Deserialize(entry.Payload.Span, ChatLineJson.Default.ChatLine)!;
                simulation.Require(
                    line == lines[At(line)], "INV-35", $"{lines[At(line)]} was said, {line} is journaled.");
                told[At(line)]++;
            }
        }

        for (int i = 0; i < lines.Length; i++)
        {
            int least = Least(_stages[i]) + Least(_relays[i]), most = Most(_stages[i]) + Most(_relays[i]);
            simulation.Require(
                told[i] >= least && told[i] <= most, "INV-35",
                $"{lines[i]} is {told[i]} times in the journal, not {least}.");
        }

        run.Note("lines in the journal", told.Sum());

        static int Least(Stage stage) => stage >= Stage.Accepted ? 1 : 0;
        static int Most(Stage stage) => stage >= Stage.InDoubt ? 1 : 0;
    }

    private void CheckWay(ChatNick from, ChatNick to, ChatLine[] way)
    {
        int accepted = way.Count(line => _stages[At(line)] == Stage.Accepted);
        int inDoubt = way.Count(line => _stages[At(line)] == Stage.InDoubt);
        int dead = _deadLetters.Between(from.Id, to.Id, nameof(ChatLine));
        // The channel may have crashed when it had relayed: then what it heard is a dead letter too.
        int crashedRelaying = way.Count(line => line.To is null && _stages[At(line)] == Stage.Heard);
        simulation.Require(
            accepted <= dead && dead <= accepted + inDoubt + crashedRelaying, "INV-01",
            $"{from.Name} to {to.Name}: {accepted} accepted and not heard, {inDoubt} in doubt, {dead} dead letters.");
    }

    private void RequireInOrder(int from, int to, ChatLine line)
    {
        int newest = _newest.GetValueOrDefault((from, to), -1);
        simulation.Require(
            line.Number > newest && ReferenceEquals(lines[At(line)], line), "INV-02",
            $"{line} came after {newest}, or is not what was said.");
        _newest[(from, to)] = line.Number;
    }

    private ChatNick Seen(string name)
    {
        ChatNick nick = _nicks[IndexOf(name)];
        if (nick.Id == AgentId.Host)
        {
            var options = new SpawnOptions
            {
                Core = run.Choices.Draw(simulation.Kernel.ListCores().Count),
                Capacity = run.Choices.Pick([32, 1, 3]),
                Supervisor = _supervisor,
            };
            nick.Id = simulation.Kernel.Spawn(name, born => _makeSpeaker(nick, born), options);
            nick.Say = simulation.Kernel.Grant<Say>(nick.Id);
            nick.Nudge = simulation.Kernel.Grant<Nudge>(nick.Id);
        }

        return nick;
    }

    private ChatNick TargetOf(ChatLine line) => line.To is null ? Channel : _nicks[IndexOf(line.To)];

    private (int From, int To) WayIndexOf(ChatLine line) => (IndexOf(line.From), TargetOf(line).Index);

    private int At(ChatLine line) => line.Number - lines[0].Number;
}

/// <summary>One who chats. Outlives the incarnations of its agent.</summary>
internal sealed class ChatNick(string name, int index)
{
    public string Name => name;

    public int Index => index;

    public ulong Badge => (ulong)index + 1;

    public AgentId Id { get; set; }

    public Capability<Say> Say { get; set; }

    public Capability<Nudge> Nudge { get; set; }

    /// <summary>Whom it has addressed, in order; each incarnation is granted the ways anew.</summary>
    public List<ChatNick> Contacts { get; } = [];

    /// <summary>By the index of whom they lead to.</summary>
    public Dictionary<int, Capability<ChatLine>> Ways { get; } = [];

    public LinkedList<ChatLine> Outbox { get; } = [];

    /// <summary>An incarnation that is alive waits for one of the lines to be sent.</summary>
    public bool IsSaying { get; set; }

    public int SaysTold { get; set; }

    public int SaysTaken { get; set; }

    public int SaysDone { get; set; }

    public int Heard { get; set; }
}

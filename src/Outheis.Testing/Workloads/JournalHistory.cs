namespace Outheis.Testing;

/// <summary>A message that says which one it is.</summary>
/// <param name="Life">Of the process, from 0.</param>
/// <param name="From">Who sent it; the host is -1.</param>
/// <param name="To">Who receives it.</param>
/// <param name="Number">From 1: among those of an agent to anybody, or of the host to this receiver.</param>
internal readonly record struct Numbered(int Life, short From, short To, int Number);

/// <summary>
/// What the journal has to tell about one life of a process: the messages that its agents sent, in the order of each
/// core or of each agent, and those of the host, in the order of each receiver. It lives outside that process.
/// </summary>
/// <param name="life">Which one, from 0.</param>
/// <param name="cores">Of that kernel.</param>
/// <param name="agents">That send.</param>
/// <param name="byAgent">Not by core: they move, or one may be left behind between its wish to send and the sending,
/// while others of its core send.</param>
/// <param name="moves">What an agent sent may be in any lane.</param>
internal sealed class JournalHistory(int life, int cores, int agents, bool byAgent, bool moves)
{
    // A line is what has an order: a core's lane, or an agent.
    private readonly List<Numbered>[] _byLine =
        [.. Enumerable.Range(0, byAgent ? agents : cores).Select(static _ => new List<Numbered>())];

    private readonly int[] _accepted = new int[byAgent ? agents : cores];    // how many of them the sender was told of
    private readonly int[] _hostSent = new int[agents];
    private readonly int[] _hostTaken = new int[agents];
    private readonly int[] _agentsKept = new int[byAgent ? agents : cores];    // so many must be there after a kill
    private readonly int[] _hostKept = new int[agents];
    private readonly int[] _agentsDurable = new int[byAgent ? agents : cores]; // so many whatever happens
    private readonly int[] _hostDurable = new int[agents];
    private readonly int[] _toldByLine = new int[byAgent ? agents : cores];
    private readonly int[] _toldOfHost = new int[agents];
    private readonly HashSet<int> _durableCores = [];      // of all that was kept

    public int Life => life;

    /// <summary>Where each agent begins.</summary>
    public int[] CoreOf { get; } = new int[agents];

    public int Sent => _byLine.Sum(static lane => lane.Count) + _hostSent.Sum();

    /// <summary>How many messages no failure may take away any more.</summary>
    public int Durable => _agentsDurable.Sum() + _hostDurable.Sum();

    /// <summary>How many the journal told when it was looked at last.</summary>
    public int Told => _toldByLine.Sum() + _toldOfHost.Sum();

    /// <summary>An agent is about to send. In doubt until it is told.</summary>
    public Numbered BeginSend(int from, int to)
    {
        List<Numbered> line = _byLine[LineOf(from)];
        int number = line.FindLast(one => one.From == from).Number + 1;
        var message = new Numbered(life, (short)from, (short)to, number);
        line.Add(message);
        return message;
    }

    /// <summary>The sender was told. If its process died meanwhile, it never heard it.</summary>
    public void EndSend(Numbered message, SendResult result, bool isAlive)
    {
        int line = LineOf(message.From);
        if (result != SendResult.Sent)
        {
            int place = _byLine[line].LastIndexOf(message);      // others of its core may have sent since
            _byLine[line].RemoveAt(place);
            _accepted[line] -= place < _accepted[line] ? 1 : 0;
        }
        else if (isAlive)
        {
            _accepted[line] = _byLine[line].Count;
        }
    }

    public Numbered BeginHostSend(int to) => new(life, -1, (short)to, ++_hostSent[to]);

    public void EndHostSend(int to, SendResult result) => _hostSent[to] -= result == SendResult.Sent ? 0 : 1;

    /// <summary>An agent has it, so its record exists.</summary>
    public void Taken(Numbered message)
    {
        if (message.From < 0)
        {
            _hostTaken[message.To] = Math.Max(_hostTaken[message.To], message.Number);
        }
    }

    /// <summary>A kill leaves the page cache: everything that was accepted must be there.</summary>
    public void MustHaveAllThatWasAccepted()
    {
        _accepted.CopyTo(_agentsKept, 0);
        _hostTaken.CopyTo(_hostKept, 0);
    }

    /// <summary>What everybody was told so far.</summary>
    public HistoryMark Mark() => new([.. _accepted], [.. _hostTaken]);

    /// <summary>What is in this core's lane was made durable, in this life or a later one.</summary>
    /// <param name="core">Of any life.</param>
    /// <param name="mark">So much of it; null: all that must be there.</param>
    public void MadeDurable(int core, HistoryMark? mark = null)
    {
        if (core >= cores)
        {
            return;
        }

        // What an agent that moves has sent is in several lanes. A flush of this life is one of them all.
        if (moves && mark is null && (!_durableCores.Add(core) || _durableCores.Count < cores))
        {
            return;
        }

        for (int line = 0; line < _byLine.Length; line++)
        {
            if (moves || LaneOf(line) == core)
            {
                _agentsDurable[line] = Math.Max(_agentsDurable[line], (mark?.Accepted ?? _agentsKept)[line]);
            }
        }

        for (int agent = 0; agent < agents; agent++)
        {
            if (moves || CoreOf[agent] == core)
            {
                _hostDurable[agent] = Math.Max(_hostDurable[agent], (mark?.Taken ?? _hostKept)[agent]);
            }
        }
    }

    /// <summary>What a journal tells of this life. Null: nothing that it should not.</summary>
    /// <param name="told">The messages in the journal, in its order, by the lane that has them.</param>
    /// <param name="afterPowerCut">Then what is durable must be there, and not all that was kept.</param>
    /// <param name="beginOf">How much of this life a lane may have given up.</param>
    public string? FirstWrong(
        IReadOnlyList<(int Lane, Numbered Message)> told, bool afterPowerCut, Func<int, LaneBegin> beginOf)
    {
        (int[] agentsLeast, int[] hostLeast) =
            afterPowerCut ? (_agentsDurable, _hostDurable) : (_agentsKept, _hostKept);
        int[] next = new int[_byLine.Length], nextOfHost = new int[agents];
        Begin(told, beginOf, next, nextOfHost);
        foreach ((int lane, Numbered message) in told)
        {
            if (!IsOfThisLife(lane, message))
            {
                return $"lane {lane} has {message}";
            }

            if (message.From < 0 && (!IsAt(lane, message.To) || message.Number != ++nextOfHost[message.To]))
            {
                return $"lane {lane} has {message} of the host behind {nextOfHost[message.To] - 1}";
            }

            if (message.From >= 0 && LineOf(message.From) is var line
                && (!IsAt(lane, message.From) || next[line] == _byLine[line].Count
                    || _byLine[line][next[line]++] != message))
            {
                return $"lane {lane} has {message} as number {next[line]} of {_byLine[line].Count}";
            }
        }

        for (int line = 0; line < _byLine.Length; line++)
        {
            if (next[line] < agentsLeast[line])
            {
                return $"{(byAgent ? "of agent" : "in lane")} {line} there are {next[line]} messages, not "
                    + $"{agentsLeast[line]}";
            }
        }

        for (int agent = 0; agent < agents; agent++)
        {
            if (nextOfHost[agent] < hostLeast[agent] || nextOfHost[agent] > _hostSent[agent])
            {
                return $"agent {agent} has {nextOfHost[agent]} messages of the host, not {hostLeast[agent]} to "
                    + $"{_hostSent[agent]}";
            }
        }

        next.CopyTo(_toldByLine, 0);
        nextOfHost.CopyTo(_toldOfHost, 0);
        return null;
    }

    private int LineOf(int agent) => byAgent ? agent : CoreOf[agent];

    private int LaneOf(int line) => byAgent ? CoreOf[line] : line;

    private bool IsAt(int lane, int agent) => moves || lane == CoreOf[agent];

    // Where a lane may have given up its beginning, what is found first begins it; what is found nowhere is all there.
    private void Begin(
        IReadOnlyList<(int Lane, Numbered Message)> told, Func<int, LaneBegin> beginOf, int[] next, int[] nextOfHost)
    {
        for (int line = 0; line < _byLine.Length; line++)
        {
            if (beginOf(LaneOf(line)) != LaneBegin.Whole)
            {
                Numbered first = told.FirstOrDefault(
                    one => one.Message.From >= 0 && LineOf(one.Message.From) == line).Message;
                next[line] = first.Number > 0 ? Math.Max(0, _byLine[line].IndexOf(first)) : _agentsKept[line];
            }
        }

        for (int agent = 0; agent < agents; agent++)
        {
            if (beginOf(CoreOf[agent]) != LaneBegin.Whole)
            {
                Numbered first = told.FirstOrDefault(
                    one => one.Message.From < 0 && one.Message.To == agent).Message;
                nextOfHost[agent] = first.Number > 0 ? first.Number - 1 : _hostKept[agent];
            }
        }
    }

    private bool IsOfThisLife(int lane, Numbered message) =>
        lane < cores && message.To >= 0 && message.To < agents && message.From >= -1 && message.From < agents;

    /// <summary>After a power cut there is this and no more; what is wrong with it, the next check says.</summary>
    public void NoteCut(IReadOnlyList<(int Lane, Numbered Message)> told, Func<int, LaneBegin> beginOf)
    {
        if (FirstWrong(told, afterPowerCut: true, beginOf) is null)
        {
            MustKeepAllThatWasTold(isDurable: true);
        }
    }

    /// <summary>A later life has begun with what the journal told last.</summary>
    /// <param name="isDurable">It came from the device, and recovery made sure of the rest.</param>
    public void MustKeepAllThatWasTold(bool isDurable)
    {
        _toldByLine.CopyTo(_agentsKept, 0);
        _toldOfHost.CopyTo(_hostKept, 0);
        if (isDurable)
        {
            _toldByLine.CopyTo(_agentsDurable, 0);
            _toldOfHost.CopyTo(_hostDurable, 0);
        }
    }
}

/// <summary>What a lane must have of one life.</summary>
internal enum LaneBegin : byte
{
    /// <summary>All from the first message on.</summary>
    Whole,

    /// <summary>All from some message on: the lane gave up what was older.</summary>
    GivenUp,
}

/// <summary>How much of one life had been told at some moment.</summary>
/// <param name="Accepted">Messages of agents, by core.</param>
/// <param name="Taken">Messages of the host, by receiver.</param>
internal sealed record HistoryMark(int[] Accepted, int[] Taken);

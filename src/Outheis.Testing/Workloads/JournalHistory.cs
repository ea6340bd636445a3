namespace Outheis.Testing;

/// <summary>A message that says which one it is.</summary>
/// <param name="Life">Of the process, from 0.</param>
/// <param name="From">Who sent it; the host is -1.</param>
/// <param name="To">Who receives it.</param>
/// <param name="Number">From 1: among those of an agent to anybody, or of the host to this receiver.</param>
internal readonly record struct Numbered(int Life, short From, short To, int Number);

/// <summary>
/// What the journal has to tell about one life of a process: the messages that its agents sent, in the order of each
/// core, and those of the host, in the order of each receiver. It lives outside that process.
/// </summary>
internal sealed class JournalHistory(int life, int cores, int agents)
{
    private readonly List<Numbered>[] _byCore =
        [.. Enumerable.Range(0, cores).Select(static _ => new List<Numbered>())];

    private readonly int[] _accepted = new int[cores];      // how many of them the sender was told of
    private readonly int[] _hostSent = new int[agents];
    private readonly int[] _hostTaken = new int[agents];
    private readonly int[] _agentsKept = new int[cores];         // so many must be there after a kill
    private readonly int[] _hostKept = new int[agents];
    private readonly int[] _agentsDurable = new int[cores];      // so many whatever happens
    private readonly int[] _hostDurable = new int[agents];
    private readonly int[] _toldByCore = new int[cores];
    private readonly int[] _toldOfHost = new int[agents];

    public int Life => life;

    public int[] CoreOf { get; } = new int[agents];

    public int Sent => _byCore.Sum(static lane => lane.Count) + _hostSent.Sum();

    /// <summary>How many messages no failure may take away any more.</summary>
    public int Durable => _agentsDurable.Sum() + _hostDurable.Sum();

    /// <summary>How many the journal told when it was looked at last.</summary>
    public int Told => _toldByCore.Sum() + _toldOfHost.Sum();

    /// <summary>An agent is about to send. In doubt until it is told.</summary>
    public Numbered BeginSend(int from, int to)
    {
        List<Numbered> lane = _byCore[CoreOf[from]];
        int number = lane.FindLast(one => one.From == from).Number + 1;
        var message = new Numbered(life, (short)from, (short)to, number);
        lane.Add(message);
        return message;
    }

    /// <summary>The sender was told. If its process died meanwhile, it never heard it.</summary>
    public void EndSend(Numbered message, SendResult result, bool isAlive)
    {
        int core = CoreOf[message.From];
        if (result != SendResult.Sent)
        {
            int place = _byCore[core].LastIndexOf(message);      // others of its core may have sent since
            _byCore[core].RemoveAt(place);
            _accepted[core] -= place < _accepted[core] ? 1 : 0;
        }
        else if (isAlive)
        {
            _accepted[core] = _byCore[core].Count;
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

        _agentsDurable[core] = Math.Max(_agentsDurable[core], (mark?.Accepted ?? _agentsKept)[core]);
        for (int agent = 0; agent < agents; agent++)
        {
            if (CoreOf[agent] == core)
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
        int[] next = new int[cores], nextOfHost = new int[agents];
        Begin(told, beginOf, next, nextOfHost);
        foreach ((int lane, Numbered message) in told)
        {
            if (!IsOfThisLife(lane, message))
            {
                return $"lane {lane} has {message}";
            }

            if (message.From < 0 && (lane != CoreOf[message.To] || message.Number != ++nextOfHost[message.To]))
            {
                return $"lane {lane} has {message} of the host behind {nextOfHost[message.To] - 1}";
            }

            if (message.From >= 0 && (next[lane] == _byCore[lane].Count || _byCore[lane][next[lane]++] != message))
            {
                return $"lane {lane} has {message} as number {next[lane]} of its {_byCore[lane].Count}";
            }
        }

        for (int core = 0; core < cores; core++)
        {
            if (next[core] < agentsLeast[core])
            {
                return $"lane {core} has {next[core]} messages of its agents, not {agentsLeast[core]}";
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

        next.CopyTo(_toldByCore, 0);
        nextOfHost.CopyTo(_toldOfHost, 0);
        return null;
    }

    // Where a lane may have given up its beginning, what is found first begins it; what is found nowhere is all there.
    private void Begin(
        IReadOnlyList<(int Lane, Numbered Message)> told, Func<int, LaneBegin> beginOf, int[] next, int[] nextOfHost)
    {
        for (int core = 0; core < cores; core++)
        {
            LaneBegin begin = beginOf(core);
            if (begin != LaneBegin.Whole)
            {
                Numbered first = told.FirstOrDefault(one => one.Lane == core && one.Message.From >= 0).Message;
                next[core] = first.Number > 0 ? Math.Max(0, _byCore[core].IndexOf(first)) : _agentsKept[core];
            }

            for (int agent = 0; agent < agents; agent++)
            {
                if (CoreOf[agent] == core && begin != LaneBegin.Whole)
                {
                    Numbered first = told.FirstOrDefault(
                        one => one.Lane == core && one.Message.From < 0 && one.Message.To == agent).Message;
                    nextOfHost[agent] = first.Number > 0 ? first.Number - 1 : _hostKept[agent];
                }
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
        _toldByCore.CopyTo(_agentsKept, 0);
        _toldOfHost.CopyTo(_hostKept, 0);
        if (isDurable)
        {
            _toldByCore.CopyTo(_agentsDurable, 0);
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

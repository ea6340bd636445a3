namespace Outheis.Testing;

/// <summary>
/// What a journal says of durable timers: what is armed, what they said and who took it. Worked out from the records
/// alone, without the kernel's own fold.
/// </summary>
internal sealed class TimersBook
{
    private readonly List<(string Agent, string Key, long Position, long Cause, long Period)> _armed = [];
    private readonly List<JournalEntry> _all = [];
    private readonly HashSet<long> _settled = [];              // quarantined

    public string? FirstWrong { get; private set; }

    public int Armings { get; private set; }

    public int Said { get; private set; }

    public int Counted { get; private set; }

    public int TakenBack { get; private set; }

    /// <summary>Said, and neither handled nor set aside.</summary>
    public int Waiting { get; private set; }

    /// <summary>Armed, of those that are due once.</summary>
    public int Once => _armed.Count(static one => one.Period == 0);

    public IEnumerable<string> ArmedOf(string agent) =>
        _armed.Where(one => one.Agent == agent).Select(static one => one.Key);

    public static TimersBook Read(SimulatedDisk disk)
    {
        var book = new TimersBook();
        using JournalReader reader = disk.ReadJournal(Simulation.JournalDirectory);
        book._all.AddRange(reader.Read());
        book.Fold();
        return book;
    }

    // First which turns failed: an attempt that is told after the taking takes the taking back, with all it armed.
    private void Fold()
    {
        Dictionary<long, long> takings = [];      // message: index of its newest taking
        HashSet<int> gone = [];                   // records of turns that failed, by index
        Dictionary<long, List<int>> acts = [];    // of the newest attempt, by cause
        HashSet<long> said = [];
        for (int i = 0; i < _all.Count; i++)
        {
            JournalEntry entry = _all[i];
            foreach (ConsumedMessage taken in entry.Consumed)
            {
                NoteTaken(takings, said, taken.Position, i);
            }

            switch (entry.Kind)
            {
                case JournalKind.Sent when entry.IsTimer:
                    said.Add(entry.Position);
                    break;
                case JournalKind.Armed or JournalKind.Disarmed when entry.Cause != 0:
                    (acts.TryGetValue(entry.Cause, out List<int>? of) ? of : acts[entry.Cause] = []).Add(i);
                    break;
                case JournalKind.Attempted or JournalKind.Quarantined:
                    if (takings.Remove(entry.Cause) && acts.Remove(entry.Cause, out List<int>? failed))
                    {
                        gone.UnionWith(failed);
                        TakenBack += failed.Count;
                    }

                    if (entry.Kind == JournalKind.Quarantined)
                    {
                        _settled.Add(entry.Cause);
                    }

                    break;
            }
        }

        for (int i = 0; i < _all.Count; i++)
        {
            if (!gone.Contains(i))
            {
                Note(_all[i]);
            }
        }

        Waiting = said.Count(position => !takings.ContainsKey(position) && !_settled.Contains(position));
    }

    private void NoteTaken(Dictionary<long, long> takings, HashSet<long> said, long position, int index)
    {
        if (said.Contains(position) && !takings.TryAdd(position, index))
        {
            FirstWrong ??= $"what a timer said at {position} was taken a second time";
        }

        takings[position] = index;
    }

    private void Note(JournalEntry entry)
    {
        string agent = entry.SenderName ?? "";
        switch (entry.Kind)
        {
            case JournalKind.Armed:
                Armings++;
                _armed.RemoveAll(one => one.Agent == agent && one.Key == entry.Armed.Key);
                _armed.Add((agent, entry.Armed.Key, entry.Position, entry.Cause, entry.Armed.PeriodTicks));
                break;
            case JournalKind.Disarmed:
                _armed.RemoveAll(one => one.Agent == agent && one.Key == entry.Detail);
                break;
            case JournalKind.Sent when entry.IsTimer:
                NoteSaid(entry);
                break;
        }
    }

    private void NoteSaid(JournalEntry entry)
    {
        Said++;
        Counted += entry.Labels > 1 ? 1 : 0;
        int at = _armed.FindIndex(one => one.Position == entry.Cause);
        if (at < 0)
        {
            FirstWrong ??= $"a timer said something at {entry.Position} that was not armed then";
        }
        else if (_armed[at].Period == 0)
        {
            _armed.RemoveAt(at);
        }
    }
}

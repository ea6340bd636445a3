using System.Globalization;

namespace Outheis.Testing;

/// <summary>A journal that a kernel wrote, as what its agents took and did.</summary>
/// <remarks>All of it is read into memory: record tests with few and small segments.</remarks>
public sealed class Recording
{
    private readonly Dictionary<long, JournalEntry> _messages = [];
    private readonly Dictionary<(long Run, uint Agent), RecordedAgent> _agents = [];
    private readonly Dictionary<(long Run, ulong Correlation), JournalEntry> _ends = [];      // of asks
    private readonly HashSet<long> _abandoned = [];
    private readonly HashSet<long> _closed = [];

    private Recording(string directory, JournalReader reader)
    {
        Directory = directory;
        foreach (JournalEntry entry in reader.Read())
        {
            Note(entry);
        }

        Agents = [.. _agents.Values.Where(static agent => agent.Taken.Count > 0)
            .OrderBy(static agent => agent.Run).ThenBy(static agent => agent.Id.Value)];
        foreach (RecordedAgent agent in Agents)
        {
            agent.IsWhole = _closed.Contains(agent.Run);
            agent.Taken.ForEach(message => message.IsAbandoned = _abandoned.Contains(message.Position));
            agent.Effects.ForEach(effect => effect.End = effect.Kind == EffectKind.Asked
                ? _ends.GetValueOrDefault((agent.Run, effect.Entry.Correlation))      // may be told before its ask
                : null);
        }
    }

    /// <summary>Where it lies.</summary>
    public string Directory { get; }

    /// <summary>Every agent that took a message, by run and id.</summary>
    public IReadOnlyList<RecordedAgent> Agents { get; }

    /// <summary>Reads a journal as it is now. It is not changed, and may be written meanwhile.</summary>
    /// <param name="directory">The directory that the kernel was given.</param>
    /// <exception cref="RecordingException">There is no journal, or it is damaged.</exception>
    public static Recording Read(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        try
        {
            using JournalReader reader = JournalReader.Open(directory);
            return new Recording(directory, reader);
        }
        catch (JournalException failure)
        {
            throw new RecordingException($"No recording in {directory}. {failure.Message}", failure);
        }
    }

    /// <summary>Reads the journal on a simulation's disk.</summary>
    /// <param name="disk">From <see cref="Simulation.Disk"/>.</param>
    public static Recording Read(SimulatedDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        using JournalReader reader = disk.ReadJournal(Simulation.JournalDirectory);
        return new Recording(Simulation.JournalDirectory, reader);
    }

    /// <summary>The only agent of this name that took a message.</summary>
    /// <param name="name">As it was spawned.</param>
    /// <exception cref="RecordingException">There is none, or there are several.</exception>
    public RecordedAgent Agent(string name)
    {
        RecordedAgent[] found = [.. Agents.Where(agent => agent.Name == name)];
        return found.Length == 1 ? found[0] : throw new RecordingException(
            $"{found.Length} agents named {name} took messages in {Directory}. It has: {string.Join("; ", Agents)}.");
    }

    /// <summary>As the tool prints it: lane and place in the lane.</summary>
    internal static string Place(long position) => string.Create(
        CultureInfo.InvariantCulture, $"{RecordHeader.LaneOf(position)}/{RecordHeader.OffsetOf(position)}");

    private void Note(JournalEntry entry)
    {
        if (entry.Kind == JournalKind.Sent)
        {
            _messages[entry.Position] = entry;
        }

        foreach (ConsumedMessage taken in entry.Consumed)
        {
            NoteTaken(entry.Run, taken);
        }

        NoteEffect(entry);
        switch (entry.Kind)
        {
            case JournalKind.Closed:
                _closed.Add(entry.Run);
                break;
            case JournalKind.Replied:
                _ends.TryAdd((entry.Run, entry.Correlation), entry);
                break;
            case JournalKind.TimedOut:
                _ends[(entry.Run, entry.Correlation)] = entry;      // whatever was replied came late
                break;
            case JournalKind.Exited:
                RecordedEffect.NoteExit(AgentOf(entry.Run, entry.Target, entry.TargetName).Effects, entry);
                break;
            case JournalKind.DeadLetter when RecordedEffect.ReasonOf(entry) == DeadLetterReason.AskAbandoned:
                _abandoned.Add(entry.Cause);
                break;
        }
    }

    private void NoteTaken(long run, ConsumedMessage taken)
    {
        if (_messages.TryGetValue(taken.Position, out JournalEntry? message))
        {
            AgentOf(run, taken.Target, message.TargetName).Taken.Add(new RecordedMessage(message, taken.Incarnation));
        }
    }

    private void NoteEffect(JournalEntry entry)
    {
        (AgentId agent, string? name) = entry.Kind == JournalKind.DeadLetter
            ? (entry.Target, entry.TargetName)
            : (entry.Sender, entry.SenderName);
        if (agent != AgentId.Host && RecordedEffect.Of(entry, agent) is { } effect)
        {
            AgentOf(entry.Run, agent, name).Effects.Add(effect);
        }
    }

    private RecordedAgent AgentOf(long run, AgentId id, string? name)
    {
        if (!_agents.TryGetValue((run, id.Value), out RecordedAgent? agent))
        {
            agent = new RecordedAgent(run, id, name ?? id.ToString());
            _agents.Add((run, id.Value), agent);
        }

        return agent;
    }
}

using System.Globalization;
using System.Text.Json.Serialization.Metadata;

namespace Outheis.Testing;

/// <summary>One agent of one recorded run: what it took, in which order, and what it did about it.</summary>
public sealed class RecordedAgent
{
    internal RecordedAgent(long run, AgentId id, string name) => (Run, Id, Name) = (run, id, name);

    /// <summary>The run of the kernel, counted from 1.</summary>
    public long Run { get; }

    /// <summary>Its id in that run.</summary>
    public AgentId Id { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What it took, in that order.</summary>
    public IReadOnlyList<RecordedMessage> Messages => Taken;

    /// <summary>The run ended as it should, so nothing is missing at the end.</summary>
    public bool IsWhole { get; internal set; }

    internal List<RecordedMessage> Taken { get; } = [];

    /// <summary>Everything that it did, in order.</summary>
    internal List<RecordedEffect> Effects { get; } = [];

    /// <summary>For test lists.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name} of run {Run}, {Messages.Count} messages");
}

/// <summary>One message that an agent took.</summary>
public sealed class RecordedMessage
{
    internal RecordedMessage(JournalEntry entry, uint incarnation) => (Entry, Incarnation) = (entry, incarnation);

    /// <summary>Where it is in the journal.</summary>
    public long Position => Entry.Position;

    /// <summary>Which incarnation took it.</summary>
    public uint Incarnation { get; }

    /// <summary>Who sent it.</summary>
    public AgentId Sender => Entry.Sender;

    /// <summary>Its name; null for the host, or when the journal no longer tells.</summary>
    public string? SenderName => Entry.SenderName;

    /// <summary>Of the capability that it came through.</summary>
    public ulong Badge => Entry.Badge;

    /// <summary>The name of its type.</summary>
    public string TypeName => Entry.TypeName ?? "?";

    /// <summary>It waits for a reply.</summary>
    public bool IsRequest => Entry.Correlation != 0;

    /// <summary>Wall time, to the newest tick of the journal.</summary>
    public DateTimeOffset Time => Entry.Time;

    internal JournalEntry Entry { get; }

    /// <summary>Its asker had given up before its turn came: it was taken, and not handled.</summary>
    internal bool IsAbandoned { get; set; }

    /// <summary>The message, if it is an unmanaged struct.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <exception cref="RecordingException">The journal has something else.</exception>
    public T As<T>()
        where T : unmanaged => new RecordedType<T>(json: null).Read(Entry);

    /// <summary>The message, if the journal has it as JSON.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="json">From a source-generated JsonSerializerContext.</param>
    /// <exception cref="RecordingException">The journal has something else.</exception>
    /// <exception cref="System.Text.Json.JsonException">It is not of that type.</exception>
    public T As<T>(JsonTypeInfo<T> json) => new RecordedType<T>(json).Read(Entry);

    /// <summary>For test lists.</summary>
    public override string ToString() =>
        $"{TypeName} from {SenderName ?? Sender.ToString()} at {Recording.Place(Position)}";
}

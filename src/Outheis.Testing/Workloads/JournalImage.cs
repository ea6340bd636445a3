using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis.Testing;

/// <summary>A message that fits a cell.</summary>
internal readonly record struct Small(Numbered Id);

/// <summary>A message of some thirty to a segment; a torn one would show.</summary>
internal struct Large(Numbered id)
{
    public Numbered Id = id;
    public Filling Rest = Filling.Of(id);

    public readonly bool IsWhole
    {
        get
        {
            Filling rest = Rest, sent = Filling.Of(Id);
            return ((ReadOnlySpan<ulong>)rest).SequenceEqual(sent);
        }
    }

    [InlineArray(200)]
    internal struct Filling
    {
        private ulong _first;

        public static Filling Of(Numbered id)
        {
            var filling = default(Filling);
            for (int i = 0; i < 200; i++)
            {
                filling[i] = ((ulong)(uint)id.Number << 32) + (ulong)((id.Life << 20) + ((byte)id.From << 8) + i);
            }

            return filling;
        }
    }
}

/// <summary>
/// What a reader finds in a journal. By itself it must be in order: positions rise in each lane, causes and consumed
/// messages are there before those that name them and were sent to those that took them, nothing is consumed twice, and
/// what one sender sent to one receiver is consumed in its order.
/// </summary>
internal sealed class JournalImage
{
    private readonly SortedDictionary<int, List<(int Lane, Numbered Message)>> _byLife = [];
    private readonly Dictionary<(long Run, long Position), (AgentId Sender, AgentId Target)> _sent = [];
    private readonly Dictionary<(long Run, AgentId Sender, AgentId Target), long> _newestConsumed = [];
    private readonly Dictionary<int, long> _newest = [];                          // position, by lane
    private readonly Dictionary<(long Run, int Lane), long> _newestOfRun = [];
    private readonly Dictionary<int, long> _runOfLife = [];

    private JournalImage(SimulatedDisk disk)
    {
        if (disk.List(Simulation.JournalDirectory) is null or [])
        {
            return;      // the power was cut before the journal's first file was durable
        }

        using JournalReader reader = disk.ReadJournal(Simulation.JournalDirectory);
        foreach (JournalEntry entry in reader.Read())
        {
            Note(entry);
            Entries++;
        }

        Ends = reader.Ends;
    }

    public int Entries { get; private set; }

    public int Consumed { get; private set; }

    public IReadOnlyList<LaneEnd> Ends { get; } = [];

    /// <summary>The first thing in it that is out of order.</summary>
    public string? FirstWrong { get; private set; }

    /// <summary>A lane that is followed by something else than nothing.</summary>
    public string? FirstTorn =>
        Ends.FirstOrDefault(static end => end.Kind != LaneEndKind.End) is { } torn ? torn.ToString() : null;

    public static JournalImage Read(SimulatedDisk disk) => new(disk);

    public IReadOnlyList<(int Lane, Numbered Message)> Of(int life) => _byLife.GetValueOrDefault(life) ?? [];

    private void Note(JournalEntry entry)
    {
        Require(entry.Position > _newest.GetValueOrDefault(entry.Lane), entry, "is not behind the one before");
        _newest[entry.Lane] = _newestOfRun[(entry.Run, entry.Lane)] = entry.Position;
        foreach (ConsumedMessage taken in entry.Consumed)
        {
            NoteConsumed(entry, taken);
        }

        if (entry.Kind != JournalKind.Sent)
        {
            return;
        }

        RequireThere(entry, entry.Cause, entry.Sender);
        _sent.Add((entry.Run, entry.Position), (entry.Sender, entry.Target));
        if (entry.TypeName == nameof(Small))
        {
            Note(entry, MemoryMarshal.Read<Small>(entry.Payload.Span).Id);
        }
        else if (entry.TypeName == nameof(Large))
        {
            Large large = MemoryMarshal.Read<Large>(entry.Payload.Span);
            Require(large.IsWhole, entry, "is torn");
            Note(entry, large.Id);
        }
    }

    private void Note(JournalEntry entry, Numbered message)
    {
        if (!_byLife.TryGetValue(message.Life, out List<(int Lane, Numbered Message)>? told))
        {
            _byLife.Add(message.Life, told = []);
            Require(!_runOfLife.ContainsValue(entry.Run), entry, "is of another life than its run");
            _runOfLife.Add(message.Life, entry.Run);
        }

        Require(_runOfLife[message.Life] == entry.Run, entry, "is of another run than its life");
        told.Add((entry.Lane, message));
    }

    private void NoteConsumed(JournalEntry entry, ConsumedMessage taken)
    {
        RequireThere(entry, taken.Position, taken.Target);
        if (_sent.TryGetValue((entry.Run, taken.Position), out (AgentId Sender, AgentId Target) message))
        {
            (long, AgentId, AgentId) way = (entry.Run, message.Sender, message.Target);
            Require(taken.Position > _newestConsumed.GetValueOrDefault(way), entry, $"lists {taken} twice or too late");
            _newestConsumed[way] = taken.Position;
            Consumed++;
        }
    }

    // A lane of which the power took the end may lack what another one names; a later run may have that position.
    private void RequireThere(JournalEntry entry, long position, AgentId target)
    {
        if (position == 0)
        {
            return;
        }

        bool isThere = _sent.TryGetValue((entry.Run, position), out (AgentId Sender, AgentId Target) message);
        bool mayBeLost = position > _newestOfRun.GetValueOrDefault((entry.Run, RecordHeader.LaneOf(position)));
        Require(
            isThere ? message.Target == target : mayBeLost, entry, $"names {position}, which was not sent to {target}");
    }

    private void Require(bool condition, JournalEntry entry, string what) =>
        FirstWrong ??= condition ? null : $"{entry.Kind} at {entry.Position} of run {entry.Run} {what}";
}

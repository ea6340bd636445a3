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
                // No word of it is a length: recovery would take what an earlier lap left for a record that it may be.
                uint low = 0x8000_0000 + (uint)((id.Life << 20) + ((byte)id.From << 8) + i);
                filling[i] = ((ulong)(0x8000_0000 + (uint)id.Number) << 32) + low;
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
    private readonly Dictionary<(long Run, long Position), (AgentId Sender, AgentId Target, int Number)> _sent = [];
    private readonly Dictionary<(long Run, AgentId Sender, AgentId Target), int> _newestConsumed = [];
    private readonly Dictionary<int, long> _newest = [];                          // position, by lane
    private readonly Dictionary<int, long> _runOfLife = [];
    private readonly Dictionary<int, long> _firstOf = [];                         // position, by lane

    private readonly bool _mayGiveUp;

    private JournalImage(SimulatedDisk disk, ImageState state, bool mayGiveUp)
    {
        _mayGiveUp = mayGiveUp;
        if (disk.List(Simulation.JournalDirectory) is null or [])
        {
            return;      // the power was cut before the journal's first file was durable
        }

        using JournalReader reader = Open(disk);
        List<JournalEntry> entries = [.. reader.Read()];
        Ends = reader.Ends;
        Dictionary<int, long> ends = Ends.ToDictionary(static end => end.Lane, static end => end.Position);
        int whole = state == ImageState.LeftByPower ? CutDangling(entries, ends) : 0;
        entries.ForEach(entry => _firstOf.TryAdd(entry.Lane, entry.Position));
        foreach (JournalEntry entry in entries)
        {
            if (entry.Position < ends[entry.Lane])
            {
                Note(entry);
                Entries++;
            }
        }

        Dangling = whole - Entries;
    }

    public int Entries { get; private set; }

    public int Consumed { get; private set; }

    public IReadOnlyList<LaneEnd> Ends { get; } = [];

    /// <summary>The first thing in it that is out of order.</summary>
    public string? FirstWrong { get; private set; }

    /// <summary>A lane that is followed by something else than nothing.</summary>
    public string? FirstTorn =>
        Ends.FirstOrDefault(static end => end.Kind != LaneEndKind.End) is { } torn ? torn.ToString() : null;

    /// <summary>A lane does not begin with its first segment, as if the retention had given that up.</summary>
    public bool HasLostABeginning => Ends.Any(end => IsLate(end.Lane));

    /// <summary>Records that recovery has to cut off because another lane has lost what they name.</summary>
    public int Dangling { get; private set; }

    /// <summary>Together with its archive, if it has one.</summary>
    public static JournalReader Open(SimulatedDisk disk)
    {
        const string archive = Simulation.ArchiveDirectory;
        return disk.ReadJournal(Simulation.JournalDirectory, disk.List(archive) is null ? null : archive);
    }

    /// <param name="disk">With the journal.</param>
    /// <param name="state">How it was left.</param>
    /// <param name="mayGiveUp">Lanes need not have their beginnings.</param>
    public static JournalImage Read(SimulatedDisk disk, ImageState state, bool mayGiveUp) =>
        new(disk, state, mayGiveUp);

    public IReadOnlyList<(int Lane, Numbered Message)> Of(int life) => _byLife.GetValueOrDefault(life) ?? [];

    /// <summary>What must be there of a life: of a lane that does not begin with its first record, what is older than
    /// the first message found is given up.</summary>
    public LaneBegin BeginOf(int life, int lane) =>
        BeginsLate(lane) && !_byLife.Any(one => one.Key < life && one.Value.Exists(told => told.Lane == lane))
            ? LaneBegin.GivenUp : LaneBegin.Whole;

    private void Note(JournalEntry entry)
    {
        Require(entry.Position > _newest.GetValueOrDefault(entry.Lane), entry, "is not behind the one before");
        _newest[entry.Lane] = entry.Position;
        foreach (ConsumedMessage taken in entry.Consumed)
        {
            NoteConsumed(entry, taken);
        }

        if (entry.Kind != JournalKind.Sent)
        {
            return;
        }

        RequireThere(entry, entry.Cause, entry.Sender);
        _sent.Add((entry.Run, entry.Position), (entry.Sender, entry.Target, _sent.Count + 1));
        // By their length: the record with the name may have been given up.
        if (entry.Payload.Length == Unsafe.SizeOf<Small>())
        {
            Note(entry, MemoryMarshal.Read<Small>(entry.Payload.Span).Id);
        }
        else if (entry.Payload.Length == Unsafe.SizeOf<Large>())
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
        if (_sent.TryGetValue((entry.Run, taken.Position), out (AgentId Sender, AgentId Target, int Number) message))
        {
            (long, AgentId, AgentId) way = (entry.Run, message.Sender, message.Target);
            Require(message.Number > _newestConsumed.GetValueOrDefault(way), entry, $"lists {taken} twice or too late");
            _newestConsumed[way] = message.Number;
            Consumed++;
        }
    }

    // What recovery has to come to, worked out in another way: from the entries alone.
    private static int CutDangling(List<JournalEntry> entries, Dictionary<int, long> ends)
    {
        int count = entries.Count(entry => entry.Position < ends[entry.Lane]);
        JournalEntry? dangling;
        while ((dangling = entries.Find(entry =>
            entry.Position < ends[entry.Lane] && Named(entry).Any(position => IsLost(entry, position)))) is not null)
        {
            ends[dangling.Lane] = dangling.Position;
        }

        return count;

        bool IsLost(JournalEntry entry, long position) =>
            position != 0 && position >= ends.GetValueOrDefault(RecordHeader.LaneOf(position))
            && entry.Lane != RecordHeader.LaneOf(position);
    }

    private static IEnumerable<long> Named(JournalEntry entry) =>
        entry.Kind == JournalKind.BuiltOn && BuiltOnRecord.TryRead(entry.Payload.Span, out BuiltOnRecord built)
            ? built.Ends.Select(static end => end - 1)
            : entry.Consumed.Select(static taken => taken.Position).Append(entry.Cause);

    private void RequireThere(JournalEntry entry, long position, AgentId target)
    {
        if (position != 0 && !(BeginsLate(RecordHeader.LaneOf(position)) && position < FirstOf(position)))
        {
            Require(
                _sent.TryGetValue((entry.Run, position), out (AgentId Sender, AgentId Target, int Number) message)
                    && message.Target == target,
                entry, $"names {position}, which was not sent to {target}");
        }
    }

    private long FirstOf(long position) => _firstOf.GetValueOrDefault(RecordHeader.LaneOf(position));

    private static long FirstPositionOf(int lane) =>
        ((long)lane << RecordHeader.LaneShift) + JournalLimits.SegmentHeaderBytes;

    private bool BeginsLate(int lane) => _mayGiveUp && IsLate(lane);

    // By where it ends, if that is all there is.
    private bool IsLate(int lane) => (_firstOf.TryGetValue(lane, out long first) ? first
        : Ends.FirstOrDefault(end => end.Lane == lane)?.Position ?? 0) > FirstPositionOf(lane);

    private void Require(bool condition, JournalEntry entry, string what) =>
        FirstWrong ??= condition ? null : $"{entry.Kind} at {entry.Position} of run {entry.Run} {what}";
}

/// <summary>How a journal was left that is looked at.</summary>
internal enum ImageState
{
    /// <summary>By a process that ended or runs, or by recovery: nothing is missing that another record
    /// names.</summary>
    Whole,

    /// <summary>By a loss of power: what names something lost is not part of it any more.</summary>
    LeftByPower,
}

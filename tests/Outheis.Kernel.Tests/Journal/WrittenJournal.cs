using Outheis.Testing;

namespace Outheis.Tests.Journal;

/// <summary>A journal of several runs and lanes, with names, ticks, causes and small segments, the same every time.
/// </summary>
internal sealed class WrittenJournal : TimeProvider
{
    public const int Lanes = 2;
    public const int Runs = 3;
    public const int RecordsPerRun = 4000;
    public const int SegmentBytes = 192 << 10;      // several places of an index
    private const int PerTick = 50;

    public static readonly DateTimeOffset Start = new(2026, 5, 17, 12, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(7);
    private readonly List<long> _positions = [];
    private DateTimeOffset _now = Start;

    public SimulatedDisk Disk { get; } = new();

    public static WrittenJournal Write(int lanes = Lanes, int runs = Runs)
    {
        var journal = new WrittenJournal();
        for (int run = 1; run <= runs; run++)
        {
            journal.WriteRun(run, lanes);
        }

        return journal;
    }

    public override DateTimeOffset GetUtcNow() => _now;

    public List<JournalEntry> Read(JournalQuery? query = null)
    {
        using JournalReader reader = JournalReader.Open(Journals.Path, Disk, query);
        return [.. reader.Read()];
    }

    /// <summary>All that a reader tells of its records, with the names as known when each was read.</summary>
    public List<Told> Tell(JournalQuery? query = null)
    {
        using JournalReader reader = JournalReader.Open(Journals.Path, Disk, query);
        return [.. reader.Read().Select(Told.Of)];
    }

    private void WriteRun(int run, int lanes)
    {
        using JournalDirectory journal = JournalDirectory.Open(
            Journals.Path, Journals.Settings(lanes, SegmentBytes), Disk, this, out _);
        for (int lane = 0; lane < lanes; lane++)
        {
            Introduce(journal.Lane(lane), run, lane);
        }

        for (int i = 0; i < RecordsPerRun; i++)
        {
            JournalLane lane = journal.Lane(_random.Next(lanes));
            if (i % PerTick == 0)
            {
                _now += TimeSpan.FromSeconds(1);
                lane.TryAppend(new RecordHeader { Kind = JournalKind.Tick }, new TickRecord(_now.UtcTicks));
            }

            if (i == RecordsPerRun / 2)
            {
                lane.TryAppend(new RecordHeader { Kind = JournalKind.Restarted, Target = 1 }, new StartedRecord(2));
            }

            long cause = _positions.Count == 0 || i % 3 == 0 ? 0
                : _positions[^Math.Min(_positions.Count, _random.Next(1, 20))];
            _positions.Add(lane.Append((ulong)_positions.Count, _random.Next(0, 150), cause));
        }
    }

    private static void Introduce(JournalLane lane, int run, int number)
    {
        lane.TryAppend(new RecordHeader { Kind = JournalKind.Schema, TypeId = 7 },
            new SchemaRecord(PayloadEncoding.Raw, 0, $"Type{run}"));
        uint agent = (uint)number + 1;
        lane.TryAppend(new RecordHeader { Kind = JournalKind.Spawned, Target = agent },
            new SpawnedRecord(1, 0, 2, $"agent{agent}-{run}"));
        lane.TryAppend(new RecordHeader { Kind = JournalKind.Started, Target = agent }, new StartedRecord(1));
    }
}

/// <summary>One record as a reader told it.</summary>
internal sealed record Told(
    long Position, long Run, DateTimeOffset Time, JournalKind Kind, string? Sender, string? Target, string? Type,
    ulong Badge, uint Chain, string Payload)
{
    public int Lane => RecordHeader.LaneOf(Position);

    public static Told Of(JournalEntry entry) => new(
        entry.Position, entry.Run, entry.Time, entry.Kind, entry.SenderName, entry.TargetName, entry.TypeName,
        entry.Badge, entry.Chain, Convert.ToHexString(entry.Payload.Span));
}

using System.Globalization;
using System.Runtime.InteropServices;

namespace Outheis.Cli;

/// <summary>Counts of what is in a journal. Adding a record allocates only for what was not met before.</summary>
internal sealed class JournalStats
{
    private readonly Dictionary<JournalKind, Count> _kinds = [];
    private readonly Dictionary<int, Count> _lanes = [];
    private readonly Dictionary<(long Run, int Type), Count> _types = [];
    private readonly Dictionary<(long Run, uint Agent), Count> _sent = [];
    private readonly Dictionary<(long Run, uint Agent), Count> _received = [];
    private long _records, _asks, _answered, _failed, _timedOut;
    private long _first = long.MaxValue, _last;

    public long Bytes { get; private set; }

    public void Add(in JournalRecord record)
    {
        int bytes = record.Bytes;
        _records++;
        Bytes += bytes;
        _first = Math.Min(_first, record.UtcTicks);
        _last = Math.Max(_last, record.UtcTicks);
        CountIn(_kinds, record.Kind, bytes).Name ??= record.Kind.ToString().ToLowerInvariant();
        CountIn(_lanes, record.Lane, bytes).Name ??= string.Create(CultureInfo.InvariantCulture, $"lane {record.Lane}");
        if (record.Kind is JournalKind.Sent or JournalKind.Replied) AddMessage(in record, bytes);
        else if (record.Kind == JournalKind.TimedOut) _timedOut++;
    }

    public void Print(TextWriter output)
    {
        output.WriteLine($"{Numbers.Count(_records)} records, {Numbers.Bytes(Bytes)}{Rate()}");
        output.WriteLine($"asks: {Numbers.Count(_asks)}, answered {Numbers.Count(_answered)}, "
            + $"failed {Numbers.Count(_failed)}, given up {Numbers.Count(_timedOut)}");
        Print(output, "kind", _kinds.Values);
        Print(output, "type", _types.Values);
        Print(output, "sent by", _sent.Values);
        Print(output, "sent to", _received.Values);
        Print(output, "lane", _lanes.Values);
    }

    private void AddMessage(in JournalRecord record, int bytes)
    {
        CountIn(_types, (record.Run, record.TypeId), bytes).Name ??= record.TypeName;
        CountIn(_sent, (record.Run, record.Sender.Value), bytes).Name ??= record.SenderName;
        CountIn(_received, (record.Run, record.Target.Value), bytes).Name ??= record.TargetName;
        bool asks = record.Kind == JournalKind.Sent && record.Target != AgentId.Host && record.Correlation != 0;
        _asks += asks ? 1 : 0;
        _answered += record.Kind == JournalKind.Replied && !record.IsFailure ? 1 : 0;
        _failed += record.Kind == JournalKind.Replied && record.IsFailure ? 1 : 0;
    }

    private static ref Count CountIn<TKey>(Dictionary<TKey, Count> counts, TKey key, int bytes)
        where TKey : notnull
    {
        ref Count count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _);
        count.Records++;
        count.Bytes += bytes;
        return ref count;
    }

    private string Rate()
    {
        double seconds = _last > _first ? TimeSpan.FromTicks(_last - _first).TotalSeconds : 0;
        return seconds == 0 ? ""
            : string.Create(CultureInfo.InvariantCulture, $", {seconds:F1} s from first to last, ")
                + $"{Numbers.Count((long)(_records / seconds))} records a second";
    }

    // An agent or a type has another number in each run: they are the same by name.
    private static void Print(TextWriter output, string heading, IEnumerable<Count> counts)
    {
        Count[] rows =
        [
            .. counts.GroupBy(static count => count.Name ?? "?")
                .Select(static same => new Count
                {
                    Name = same.Key, Records = same.Sum(static c => c.Records), Bytes = same.Sum(static c => c.Bytes),
                })
                .OrderByDescending(static count => count.Records)
                .ThenBy(static count => count.Name, StringComparer.Ordinal),
        ];
        if (rows.Length == 0) return;
        output.WriteLine();
        output.WriteLine(Colours.Bold($"{heading,-32} {"records",14} {"bytes",12}"));
        foreach (Count row in rows)
        {
            output.WriteLine(
                $"{EntryLine.Printable(row.Name!),-32} {Numbers.Count(row.Records),14} {Numbers.Bytes(row.Bytes),12}");
        }
    }

    private struct Count
    {
        public string? Name;
        public long Records;
        public long Bytes;
    }
}

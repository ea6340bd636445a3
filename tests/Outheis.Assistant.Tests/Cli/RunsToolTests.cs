using System.Buffers.Binary;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>outheis why over a kill, and what a durable agent leaves as outheis journal export has it.</summary>
public sealed class RunsToolTests(KilledJournal journal) : IClassFixture<KilledJournal>
{
    private static readonly string[] s_tree =
    [
        " host sends planner Step {\"Number\":1}",
        "   effectbegun planner: effect 1, pay",
        "   effectended planner {\"Number\":17}: effect 1, Done",
        "   effectbegun planner: effect 2, tip",
        "   effectended planner: effect 2, Failed, InvalidOperationException: no",
        "   planner arms the timer later, due T: Ring {\"Number\":100}",
        "     a timer of planner says Ring {\"Number\":100} (run 2)",
        "       planner sends listener Step {\"Number\":100}",
        "   resumed planner P: attempt 1",
        "   planner sends listener Step {\"Number\":201}",
    ];

    [Fact]
    public async Task Why_TheRoot_HasWhatTheNextProcessDidOfIt() => await AssertTree(KilledJournal.Name, Plan);

    [Fact]
    public async Task Why_WhatTheNextProcessDid_LeadsToTheRootInTheOneBefore()
    {
        JournalEntry last = journal.Read().Single(
            static entry => IsTo(entry, "listener") && NumberIn(entry) == KilledJournal.Rang);
        Assert.Equal(2, last.Run);
        Assert.Equal(1, Plan.Run);
        await AssertTree(KilledJournal.Name, last);
    }

    [Fact]
    public async Task Why_AMessageThatWaited_HasWhatTheNextProcessDidOfIt()
    {
        JournalEntry waited = journal.Read().Single(
            static entry => IsTo(entry, "planner") && !entry.IsTimer && NumberIn(entry) == KilledJournal.Waiting);
        string[] lines = await Why(KilledJournal.Name, waited);
        Assert.Equal(" host sends planner Step {\"Number\":2}", WordsOf(lines[0]));
        Assert.Equal("   planner sends listener Step {\"Number\":202}", WordsOf(lines[^1].Replace(" (run 2)", "")));
        Assert.Contains(lines, static line => line.EndsWith(" (run 2)", StringComparison.Ordinal));
    }

    /// <summary>A machine without a clock of its own begins anew in the past.</summary>
    [Fact]
    public async Task Why_ClockWasSetBackBetweenTheRuns_IsTheSame()
    {
        const string Name = "setback";
        KilledJournal.CopySegments(journal.Journal, Path.Combine(journal.Folder, Name));
        foreach (JournalEntry entry in journal.Read().Where(static entry => entry is
        {
            Run: 1, Kind: JournalKind.Tick or JournalKind.Opened,
        }))
        {
            Delay(Path.Combine(journal.Folder, Name), entry, TimeSpan.FromHours(1));
        }

        List<JournalEntry> all = journal.Read(Name);
        Assert.Equal(journal.Read().Count, all.Count);
        Assert.True(all.Where(static entry => entry.Run == 2).Max(static entry => entry.Time)
            < all.Where(static entry => entry.Run == 1).Min(static entry => entry.Time));
        await AssertTree(Name, Plan);
    }

    [Fact]
    public async Task Why_ALaneEndsEarly_SaysSo()
    {
        const string Name = "cut";
        KilledJournal.CopySegments(journal.Journal, Path.Combine(journal.Folder, Name));
        JournalEntry last = journal.Read().Last(entry => entry.Lane == Plan.Lane && entry.Run == 2);
        Patch(Path.Combine(journal.Folder, Name), last, static record => record[12] ^= 4);
        Ended ended = await OutheisProcess.Run(journal.Folder, "why", $"{Plan.Position}", "--journal", Name);
        Assert.Equal(3, ended.ExitCode);
        Assert.StartsWith($"Lane {last.Lane} ends early, at {Place(last.Position)}: ", ended.Error);
        Assert.Contains(" host sends planner Step {\"Number\":1}", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_StatesAndOutcomes_HaveTheirContent()
    {
        Ended ended = await OutheisProcess.Run(
            journal.Folder, "journal", "export", "--jsonl", "--journal", KilledJournal.Name);
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        JsonElement[] lines =
        [
            .. ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static line => JsonElement.Parse(line)),
        ];
        List<JournalEntry> all = journal.Read();
        for (int i = 0; i < all.Count; i++)
        {
            bool hasPayload = lines[i].TryGetProperty("payload", out JsonElement payload);
            Assert.Equal(all[i].PayloadText, hasPayload ? payload.GetRawText() : null);
        }

        JsonElement[] outcomes = [.. lines.Where(static line => KindOf(line) == "effectended")];
        Assert.Equal("{\"Number\":17}", outcomes[0].GetProperty("payload").GetRawText());
        Assert.Equal("effect 2, Failed, InvalidOperationException: no", outcomes[1].GetProperty("detail").GetString());
        Assert.False(outcomes[1].TryGetProperty("payloadBase64", out _));
        Assert.Equal([1, 2], outcomes.Select(static line => line.GetProperty("labels").GetInt32()));
        Assert.Contains(lines, static line => KindOf(line) == "snapshot"
            && line.GetProperty("payload").GetProperty("Sum").GetInt32() == 0);
    }

    private JournalEntry Plan => journal.Read().Single(
        static entry => IsTo(entry, "planner") && !entry.IsTimer && NumberIn(entry) == KilledJournal.Plan);

    private static bool IsTo(JournalEntry entry, string name) =>
        entry.Kind == JournalKind.Sent && entry.TargetName == name;

    private static int NumberIn(JournalEntry entry) => BinaryPrimitives.ReadInt32LittleEndian(entry.Payload.Span);

    private static string? KindOf(JsonElement line) => line.GetProperty("kind").GetString();

    private static string Place(long position) => $"{position >> 56}/{position & ((1L << 56) - 1)}";

    private async Task AssertTree(string name, JournalEntry asked)
    {
        string[] lines = await Why(name, asked);
        Assert.Contains($" {Place(asked.Position)} ", Assert.Single(lines, static line => line[0] == '>'));
        Assert.Equal(s_tree, lines.Select(WordsOf));
    }

    private async Task<string[]> Why(string name, JournalEntry asked)
    {
        Ended ended = await OutheisProcess.Run(journal.Folder, "why", $"{asked.Position}", "--journal", name);
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        return ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    // Without mark, date, time and place.
    private static string WordsOf(string line)
    {
        string text = line[2..];
        string indent = text[..(text.Length - text.TrimStart().Length)];
        string words = string.Join(' ', text.TrimStart().Split(' ')[3..]);
        words = Regex.Replace(words, "due [^:]*:[^ ]*:", "due T:");
        return " " + indent + Regex.Replace(words, @" \d+/\d+", " P");
    }

    private static void Delay(string folder, JournalEntry entry, TimeSpan by)
    {
        int at = entry.Kind == JournalKind.Tick ? 0 : 8;
        Patch(folder, entry, record =>
        {
            Span<byte> ticks = record[(48 + at)..];
            BinaryPrimitives.WriteInt64LittleEndian(
                ticks, BinaryPrimitives.ReadInt64LittleEndian(ticks) + by.Ticks);
            Seal(record, entry.Position);
        });
    }

    // The segments are so few that each lane has one.
    private static void Patch(string folder, JournalEntry entry, Change change)
    {
        string file = Path.Combine(folder, $"lane-{entry.Lane:D2}", "000000000000.seg");
        byte[] bytes = File.ReadAllBytes(file);
        int offset = (int)(entry.Position & ((1L << 56) - 1));
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset));
        change(bytes.AsSpan(offset, length));
        File.WriteAllBytes(file, bytes);
    }

    private delegate void Change(Span<byte> record);

    // The checksum, as docs/journal-format.md has it.
    private static void Seal(Span<byte> record, long position)
    {
        Span<byte> of = stackalloc byte[56];
        BinaryPrimitives.WriteInt64LittleEndian(of, position);
        record[8..48].CopyTo(of[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(of[48..], record.Length == 48 ? 0 : Castagnoli(record[48..]));
        record[..4].CopyTo(of[52..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Castagnoli(of));
    }

    private static uint Castagnoli(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte one in bytes) crc = BitOperations.Crc32C(crc, one);
        return ~crc;
    }
}

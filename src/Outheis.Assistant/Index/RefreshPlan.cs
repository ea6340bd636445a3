using Microsoft.Data.Sqlite;

namespace Outheis.Assistant;

/// <summary>What the index knows of a file from the last time.</summary>
internal readonly record struct KnownFile(
    long Id, long Bytes, long ModifiedTicks, bool Doubtful, long Hash, string? Skipped);

/// <summary>A note to read, with what the index knows of it; <see cref="KnownId"/> is 0 for a new
/// one.</summary>
internal readonly record struct NoteToRead(
    NoteFile File, long KnownId, long KnownBytes, long KnownHash, string? KnownSkip);

/// <summary>A note as it was read: unchanged, refused, or parsed.</summary>
internal sealed record ReadNote(
    NoteToRead Source, bool Doubtful, bool Unchanged, SkippedFile? Refused, IndexedNote? Note)
{
    public static ReadNote Same(NoteToRead source, bool doubtful) => new(source, doubtful, true, null, null);

    /// <summary>Refused for what it holds: remembered, so that it is not read again before it
    /// changes.</summary>
    public static ReadNote Refuse(NoteToRead source, bool doubtful, long hash, string reason) =>
        new(source, doubtful, false, new SkippedFile(source.File.Path, reason),
            new IndexedNote(source.File, doubtful, hash, "", reason, []));

    /// <summary>Not remembered: permissions can change without a trace in size or time, so it is tried every
    /// time.</summary>
    public static ReadNote Unreadable(NoteToRead source, string reason) =>
        new(source, false, false, new SkippedFile(source.File.Path, reason), null);

    public static ReadNote Parsed(
        NoteToRead source, bool doubtful, long hash, string title, IReadOnlyList<IndexedSection> sections) =>
        new(source, doubtful, false, null,
            new IndexedNote(source.File, doubtful, hash, title, null, sections));
}

/// <summary>What a refresh has to do: the difference between what the vault lists and what the index
/// knows.</summary>
internal sealed record RefreshPlan(List<NoteToRead> ToRead, List<long> Gone, List<SkippedFile> StillSkipped)
{
    /// <summary>Compares by size and time; a file whose time stamp is in doubt is read, and its hash
    /// decides.</summary>
    /// <param name="listed">What the vault lists.</param>
    /// <param name="known">What the index knows; emptied of all that is listed.</param>
    public static RefreshPlan Make(List<NoteFile> listed, Dictionary<string, KnownFile> known)
    {
        var plan = new RefreshPlan([], [], []);
        foreach (NoteFile file in listed)
        {
            bool isNew = !known.Remove(file.Path, out KnownFile before);
            bool same = before.Bytes == file.Bytes && before.ModifiedTicks == file.ModifiedTicks;
            if (isNew) plan.ToRead.Add(new NoteToRead(file, 0, 0, 0, null));
            else if (!same || before.Doubtful)
            {
                plan.ToRead.Add(new NoteToRead(file, before.Id, before.Bytes, before.Hash, before.Skipped));
            }
            else if (before.Skipped is { } reason) plan.StillSkipped.Add(new SkippedFile(file.Path, reason));
        }

        foreach (KnownFile gone in known.Values) plan.Gone.Add(gone.Id);
        return plan;
    }

    public static Dictionary<string, KnownFile> LoadKnown(IndexStore store)
    {
        var known = new Dictionary<string, KnownFile>(StringComparer.Ordinal);
        using SqliteCommand select =
            store.Command("SELECT path, id, bytes, modified, doubtful, hash, skipped FROM files");
        using SqliteDataReader row = select.ExecuteReader();
        while (row.Read())
        {
            string? skipped = row.IsDBNull(6) ? null : row.GetString(6);
            known[row.GetString(0)] = new KnownFile(
                row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4) != 0, row.GetInt64(5),
                skipped);
        }

        return known;
    }
}

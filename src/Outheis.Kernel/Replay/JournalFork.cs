namespace Outheis;

/// <summary>What a fork took from its parent.</summary>
/// <param name="States">Durable agents whose state it has, by name.</param>
/// <param name="Messages">Messages that wait in it, added ones included.</param>
/// <param name="Requests">Requests that waited and were left: whoever asked is not in the fork.</param>
/// <param name="NotReplayed">Agents whose state could not be had, by name, and why.</param>
public sealed record ForkReport(
    IReadOnlyList<string> States, int Messages, int Requests, IReadOnlyDictionary<string, string> NotReplayed);

/// <summary>
/// Begins a new journal at a moment of another one, with edited messages: what would have become of it (ES-01). A
/// kernel that is opened on it gives durable agents their states of then and hands out what waited then.
/// </summary>
public static class JournalFork
{
    /// <summary>Makes the journal of a fork.</summary>
    /// <param name="parent">The journal that it begins in; only read.</param>
    /// <param name="position">Of the message before whose handling it leaves the parent. That message waits in the
    /// fork, unless the edits say otherwise or it is a signal or a timer's.</param>
    /// <param name="directory">The new journal: a directory that is empty or not there.</param>
    /// <param name="program">As for <see cref="JournalReplay.Open"/>: the states of then are had by handling the
    /// messages up to there once more.</param>
    /// <param name="edits">What is to be different; null: nothing.</param>
    /// <param name="options">As for <see cref="JournalReplay.Open"/>.</param>
    /// <param name="segmentBytes">As <see cref="KernelOptions.SegmentBytes"/>.</param>
    /// <remarks>
    /// <para>Cost: a replay up to the position. Thread: any.</para>
    /// <para>A turn that was under way then has not happened in the fork: its message waits. Requests are not carried,
    /// nor are signals to supervisors and what plain timers said, and plain agents begin anew, as in any new process.
    /// What durable agents had armed is armed, and due by the wall clock.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The directory is not empty, nobody takes the message at the position, or an
    /// edit names a message that does not wait then.</exception>
    /// <exception cref="JournalException">The parent cannot be read, the program does something else than the parent
    /// says, or the new journal cannot be written.</exception>
    public static ForkReport Create(
        string parent, long position, string directory, Action<Kernel> program, ForkEdits? edits = null,
        ReplayOptions? options = null, int segmentBytes = Limits.SegmentBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(parent);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return Create(
            Path.GetFullPath(parent), position, Path.GetFullPath(directory), SystemJournalDisk.Instance, program,
            edits ?? new ForkEdits(), options ?? new ReplayOptions(), segmentBytes);
    }

    internal static ForkReport Create(
        string parent, long position, string directory, IJournalDisk disk, Action<Kernel> program, ForkEdits edits,
        ReplayOptions options, int segmentBytes)
    {
        if (disk.List(directory) is { Count: > 0 })
        {
            throw new ArgumentException($"{directory} is not empty: a fork is a new journal.", nameof(directory));
        }

        using JournalReplay replay = JournalReplay.OpenOn(parent, disk, program, options, keepsAll: true);
        if (!replay.RunUntil(position) || replay.StoppedAt is not { } stop)
        {
            throw replay.Divergence is { } divergence
                ? new JournalException($"The program does something else than {parent} says. {divergence}")
                : new ArgumentException(
                    $"Nobody who is replayed takes a message at {ReplayDivergence.Place(position)} in {parent}.",
                    nameof(position));
        }

        if (replay.Losses is [{ } loss, ..])
        {
            throw new JournalException(
                $"{parent} gave up {loss.Bytes} bytes of lane {loss.Lane} before they were read. Name its archive, or "
                + "fork it when nobody writes it.");
        }

        ReplayMessage[] waiting = [.. replay.WaitingBefore(stop)];
        HashSet<long> known = [.. waiting.Select(static message => message.Position)];
        if (edits.Changed.Keys.FirstOrDefault(edited => !known.Contains(edited)) is var unknown and not 0)
        {
            throw new ArgumentException(
                $"The message at {ReplayDivergence.Place(unknown)} does not wait before "
                + $"{ReplayDivergence.Place(position)} is handled.", nameof(edits));
        }

        if (waiting.FirstOrDefault(message => message.IsOfItsRun && edits.Changed.ContainsKey(message.Position))
            is { } lost)
        {
            throw new ArgumentException(
                $"The message at {ReplayDivergence.Place(lost.Position)} is a signal of the kernel or of a timer, "
                + "which means something in its own run only: no fork has it.", nameof(edits));
        }

        using LedgerReader past = ReadPast(parent, position, disk, options, known);

        // --- point of no return ---
        using var writer = new ForkWriter(directory, disk, options.Codecs, segmentBytes);
        writer.Begin(new ForkedRecord(position, replay.LaneEnds(), parent));
        return writer.Write(replay, past, waiting, edits);
    }

    // What was armed at that moment. A turn that was under way has not happened.
    private static LedgerReader ReadPast(
        string parent, long position, IJournalDisk disk, ReplayOptions options, HashSet<long> waiting)
    {
        string? archive = options.Archive is { } folder ? Path.GetFullPath(folder) : null;
        var past = LedgerReader.Open(disk, parent, archive, useCheckpoint: false);
        past.CatchUp(end: new LedgerEnd("", null, null) { Taking = position });
        foreach (long message in waiting)
        {
            past.Ledger.TakeBackTimers(message);
        }

        return past;
    }
}

namespace Outheis;

/// <summary>Checks every record of a journal by its checksum, also beside a live kernel. Reads only.</summary>
public static class JournalVerifier
{
    /// <summary>Reads every segment there is.</summary>
    /// <param name="directory">The directory that the kernel was given.</param>
    /// <param name="progress">Called with bytes done and bytes in all, from any of the threads; null: nobody
    /// looks.</param>
    /// <param name="threads">How many segments to read at a time; 0: one for each processor.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="JournalException">There is no journal.</exception>
    /// <remarks>Cost: reads every byte once. Damage ends nothing: every segment is looked at, and behind damage the
    /// rest of its segment is searched for whole records, which are counted.</remarks>
    public static JournalVerification Verify(
        string directory, Action<long, long>? progress = null, int threads = 0,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return Verify(
            Path.GetFullPath(directory), SystemJournalDisk.Instance, progress, threads, cancellationToken);
    }

    internal static JournalVerification Verify(
        string directory, IJournalDisk disk, Action<long, long>? progress = null, int threads = 0,
        CancellationToken cancellationToken = default)
    {
        List<SegmentAddress> segments = JournalCatalog.Find(directory, disk, out List<string> setAside);
        var verdicts = new SegmentVerdict[segments.Count];
        long all = segments.Sum(static segment => segment.FileBytes), done = 0;
        void Tell(long bytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long now = Interlocked.Add(ref done, bytes);
            progress?.Invoke(Math.Min(now, all), all);
        }

        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount,
            CancellationToken = cancellationToken,
        };
        void Verify(int i)
        {
            SegmentAddress segment = segments[i];
            using var verifier = new SegmentVerifier(new LaneFiles(disk, segment.Lane, segment.Directory), Tell);
            verdicts[i] = verifier.Verify(segment.Sequence, segment.ExpectedFirst);
        }

        Each(options, segments.Count, Verify);
        for (int i = 0; i + 1 < verdicts.Length; i++)
        {
            // The writer may have finished it, and begun the next, between the two looks.
            if (segments[i + 1].Lane == segments[i].Lane && IsUnfinishedBefore(in verdicts[i], in verdicts[i + 1]))
            {
                Verify(i);
            }
        }

        return new JournalVerification(
            [.. Faults(segments, verdicts)], verdicts.Count(static v => !v.IsGone), verdicts.Sum(static v => v.Records),
            verdicts.Sum(static v => (long)v.End), setAside);
    }

    private static void Each(ParallelOptions options, int count, Action<int> verify)
    {
        try
        {
            Parallel.For(0, count, options, verify);
        }
        catch (AggregateException failure)
            when (failure.InnerExceptions.All(static inner => inner is OperationCanceledException))
        {
            throw new OperationCanceledException(options.CancellationToken);
        }
        catch (AggregateException failure) when (failure.InnerException is IOException error)
        {
            throw new JournalException($"The journal could not be read: {error.Message}", error);
        }
    }

    private static IEnumerable<JournalFault> Faults(List<SegmentAddress> segments, SegmentVerdict[] verdicts)
    {
        for (int i = 0; i < verdicts.Length; i++)
        {
            SegmentVerdict verdict = verdicts[i];
            if (verdict.Fault is { } reason)
            {
                LaneEndKind kind = verdict.End == 0 ? LaneEndKind.BadSegment
                    : verdict.State == RecordState.Invalid ? LaneEndKind.BadRecord : LaneEndKind.Hole;
                yield return Fault(segments[i], verdict.Position, kind, reason, verdict.Beyond);
            }

            bool hasNext = i + 1 < verdicts.Length && segments[i + 1].Lane == segments[i].Lane;
            if (hasNext && Break(in verdict, in verdicts[i + 1]) is { } gap)
            {
                yield return Fault(segments[i], verdict.First + verdict.SegmentBytes, LaneEndKind.Hole, gap, 0);
            }
        }
    }

    // Why a segment does not go on in the next one there is; null when it does, or need not.
    private static string? Break(in SegmentVerdict segment, in SegmentVerdict next) =>
        segment.IsGone || next.IsGone ? null
        : next.Sequence == segment.Sequence + 2 ? $"segment {segment.Sequence + 1} is missing"
        : next.Sequence > segment.Sequence + 2 ?
            $"segments {segment.Sequence + 1} to {next.Sequence - 1} are missing"
        : segment.SegmentBytes != 0 && next.SegmentBytes != 0 && next.First != segment.First + segment.SegmentBytes ?
            $"segment {next.Sequence} does not follow"
        : IsUnfinishedBefore(in segment, in next) ?
            $"segment {segment.Sequence} is unfinished, segment {next.Sequence} goes on"
        : null;

    private static bool IsUnfinishedBefore(in SegmentVerdict segment, in SegmentVerdict next) =>
        segment is { State: RecordState.Unwritten, Fault: null, SegmentBytes: > 0, IsGone: false } && next.HasBegun;

    private static JournalFault Fault(
        SegmentAddress segment, long position, LaneEndKind kind, string reason, long beyond) =>
        new(segment.Lane, segment.File, position, kind, reason, beyond);
}

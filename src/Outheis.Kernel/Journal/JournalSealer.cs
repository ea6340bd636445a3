namespace Outheis;

/// <summary>
/// One background worker for all lanes: seals what is full, then copies it to the archive. A segment is sealed only
/// when all lanes were made durable after it was full: then all that its records name is durable too, and no recovery
/// cuts into it. One segment of each lane at a time, so that an ending kernel does not wait for long; what is left, a
/// later run does.
/// </summary>
internal sealed class JournalSealer : IDisposable
{
    private readonly JournalLane[] _lanes;
    private readonly List<LaneSealer> _sealers = [];
    private readonly HostThreads _threads;
    private readonly IWorker _worker;
    private readonly ITimer _retry;
    private string? _failure;
    private bool _hasEnded;         // nothing will be sealed any more
    private bool _isPaused;         // sealing or archiving failed, until the timer fires

    /// <param name="lanes">All lanes of the run.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="disk">The journal's.</param>
    /// <param name="time">For the pauses.</param>
    public JournalSealer(JournalLane[] lanes, JournalSettings settings, IJournalDisk disk, TimeProvider time)
    {
        (_lanes, _threads) = (lanes, settings.Threads);
        _worker = settings.Threads.StartWorker("outheis seal", Work);
        _retry = time.CreateTimer(
            static sealer => ((JournalSealer)sealer!).Resume(), this, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        foreach (JournalLane lane in lanes)
        {
            LaneArchive? archive = settings.ArchiveDirectory is { } directory
                ? new LaneArchive(lane, directory, disk, settings.ArchiveDisk ?? disk) : null;
            _sealers.Add(new LaneSealer(lane, archive, settings.Signer, disk));
        }
    }

    /// <summary>Why nothing is sealed at present. Any thread.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    /// <summary>Any thread: a segment may be full.</summary>
    public void Signal() => _worker.Signal();

    /// <summary>Any thread.</summary>
    public JournalInfo Describe() => new(
        [.. _sealers.Select(static sealer => sealer.Describe())], Failure,
        _sealers.Select(static sealer => sealer.ArchiveFailure).FirstOrDefault(static failure => failure is not null))
    {
        HasStoppedSealing = Volatile.Read(ref _hasEnded),
    };

    /// <summary>Returns when it has finished the segment it was at.</summary>
    public void Dispose()
    {
        _retry.Dispose();
        _worker.Dispose();
    }

    private void Work()
    {
        _threads.GiveWay();
        if (!Volatile.Read(ref _isPaused) && (SealSome() | ArchiveSome()))
        {
            _worker.Signal();
        }
    }

    private void Resume()
    {
        Volatile.Write(ref _isPaused, false);
        _worker.Signal();
    }

    private bool SealSome()
    {
        if (_hasEnded)
        {
            return false;
        }

        try
        {
            if (_sealers.Exists(static sealer => sealer.MustSettle))
            {
                Settle();
            }

            bool hasMore = false;
            foreach (LaneSealer sealer in _sealers)
            {
                hasMore |= sealer.SealOne();
            }

            Volatile.Write(ref _failure, null);
            return hasMore;
        }
        catch (JournalException error)      // what is durable is not known any more (ES-44)
        {
            Volatile.Write(ref _hasEnded, true);
            Volatile.Write(ref _failure, $"The journal does not seal its segments any more: {error.Message}");
            return false;
        }
        catch (Exception error)      // the signer's too, or of a system without SHA-256: no kernel should end by it
        {
            Volatile.Write(ref _failure, $"The journal does not seal at present, and tries again: {error.Message}");
            Pause();
            return false;
        }
    }

    private void Pause()
    {
        Volatile.Write(ref _isPaused, true);
        _retry.Change(JournalLimits.ArchivePause, Timeout.InfiniteTimeSpan);
    }

    private void Settle()
    {
        _sealers.ForEach(static sealer => sealer.BeginSettling());
        foreach (JournalLane lane in _lanes)
        {
            lane.Sync(forSomebody: false);
        }

        _sealers.ForEach(static sealer => sealer.EndSettling());
    }

    private bool ArchiveSome()
    {
        bool hasMore = false, hasFailed = false;
        foreach (LaneSealer sealer in _sealers)
        {
            hasMore |= sealer.ArchiveOne();
            hasFailed |= sealer.ArchiveFailure is not null;
        }

        if (hasFailed)
        {
            Pause();
        }

        return hasMore && !hasFailed;
    }
}

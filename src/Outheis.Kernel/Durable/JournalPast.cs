using System.Diagnostics;

namespace Outheis;

/// <summary>
/// What a kernel knows of its journal's past: the ledger, kept up to date in the background while the kernel runs, so
/// that the next opening, and the next start of a durable agent, find nearly all of it read. Reading a record costs
/// more than writing it, so while every processor is busy with agents the ledger falls behind, and catches up later.
/// </summary>
internal sealed class JournalPast
{
    private const int RecordsPerStep = 16 << 10;      // read while others wait for the ledger
    private const int RecordsAtClose = 4 << 20;       // read before the end of a kernel is held up; a second's work
    private const int BusyShare = 40;                 // beside busy cores: this part of a processor at most
    private const long BehindMost = 1L << 30;         // bytes; what a later opening reads in two seconds

    private static readonly TimeSpan RestMost = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly LedgerReader _reader;            // gate
    private readonly HashSet<string> _unclaimed;      // gate: names of earlier runs that nobody has got yet
    private readonly HostThreads _threads;
    private readonly IWorker _worker;
    private readonly Func<bool> _hasRoom;
    private readonly long _saveEvery;
    private readonly long _openedAt;                  // segments that were read or left before
    private long _left;                               // segments that were left since
    private bool _isClosed;                           // gate

    private JournalPast(LedgerReader reader, HostThreads threads, Func<bool> hasRoom, long saveEvery)
    {
        (_reader, _threads, _hasRoom, _saveEvery) = (reader, threads, hasRoom, saveEvery);
        _openedAt = reader.Segments;
        _unclaimed = new HashSet<string>(reader.Ledger.Names, StringComparer.Ordinal);
        _worker = threads.StartWorker("outheis ledger", Work);
    }

    /// <summary>Reads what the newest checkpoint does not have yet.</summary>
    /// <param name="disk">The journal's.</param>
    /// <param name="directory">Of the journal, which this process has locked.</param>
    /// <param name="archive">Of its archive; null: none.</param>
    /// <param name="threads">For what is done in the background.</param>
    /// <param name="hasRoom">Any thread: whether following takes no time from agents, or may.</param>
    /// <param name="saveEvery">Bytes between two checkpoints: a segment's.</param>
    public static JournalPast Open(
        IJournalDisk disk, string directory, string? archive, HostThreads threads, Func<bool> hasRoom, long saveEvery)
    {
        LedgerReader reader = LedgerReader.Open(disk, directory, archive);
        try
        {
            reader.CatchUp();
            reader.SaveIfDue(saveEvery);
            return new JournalPast(reader, threads, hasRoom, saveEvery);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Any thread: a segment was left, so it can be read to its end.</summary>
    public void Signal()
    {
        Interlocked.Increment(ref _left);
        _worker.Signal();
    }

    /// <summary>What earlier runs left to an agent that is spawned now; null: nothing, or a namesake has it.</summary>
    /// <exception cref="JournalException">A record that it consists of is no longer there.</exception>
    public AgentPast? Take(string? name)
    {
        lock (_gate)
        {
            if (name is null || !_unclaimed.Contains(name))
            {
                return null;
            }

            AgentPast? found = _reader.Find(name);
            _unclaimed.Remove(name);
            return found;
        }
    }

    /// <summary>What an agent has left by now; null: nothing. Reads what is not read yet.</summary>
    /// <exception cref="JournalException">A record that it consists of is no longer there.</exception>
    public AgentPast? Newest(string name)
    {
        lock (_gate)
        {
            _reader.CatchUp();
            return _reader.Find(name);
        }
    }

    /// <summary>Nobody writes any more: reads the rest, or a good deal of it, and leaves a checkpoint to the next
    /// opening.</summary>
    public void Close()
    {
        _worker.Dispose();
        lock (_gate)
        {
            if (!_isClosed)
            {
                CatchUp(RecordsAtClose);
            }
        }

        Abandon();
    }

    /// <summary>Lets go of the files.</summary>
    public void Abandon()
    {
        _worker.Dispose();
        lock (_gate)
        {
            _isClosed = true;
            _reader.Dispose();
        }
    }

    private void Work()
    {
        _threads.GiveWay();
        bool hasMore;
        TimeSpan worked;
        long behind;
        lock (_gate)
        {
            long began = Stopwatch.GetTimestamp();
            hasMore = !_isClosed && CatchUp(RecordsPerStep);
            worked = Stopwatch.GetElapsedTime(began);
            behind = (Volatile.Read(ref _left) - (_reader.Segments - _openedAt)) * _saveEvery;
        }

        if (hasMore)
        {
            if (behind < BehindMost && !_hasRoom())
            {
                TimeSpan rest = worked * (BusyShare - 1);
                _worker.Rest(rest < RestMost ? rest : RestMost);
            }

            _worker.Signal();
        }
    }

    // Whether there is more. What cannot be read now, a later opening may read, and says so if not.
    private bool CatchUp(int records)
    {
        try
        {
            bool hasMore = _reader.CatchUp(records);
            _reader.SaveIfDue(_saveEvery);
            return hasMore;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

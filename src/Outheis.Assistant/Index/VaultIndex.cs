using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Outheis.Assistant;

/// <summary>How far a refresh has come. Written by the refresh, looked at from any thread.</summary>
internal sealed class IndexCounter
{
    private int _done;
    private int _total;

    public int Done => Volatile.Read(ref _done);

    public int Total => Volatile.Read(ref _total);

    public void Expect(int notes) => Volatile.Write(ref _total, notes);

    public void CountOne() => Interlocked.Increment(ref _done);
}

/// <summary>What a refresh found and did.</summary>
/// <param name="Notes">Notes in the index now.</param>
/// <param name="Updated">Notes read again, new ones included.</param>
/// <param name="Removed">Notes that left the index.</param>
/// <param name="Skipped">Files that are in the vault but not in the index, as many as are listed.</param>
/// <param name="SkippedCount">How many there are.</param>
/// <param name="Rebuilt">A damaged index was thrown away first.</param>
internal sealed record IndexReport(
    int Notes, int Updated, int Removed, IReadOnlyList<SkippedFile> Skipped, int SkippedCount, bool Rebuilt);

/// <summary>
/// The vault and its index: brings the index up to what the vault holds, and searches it. All members block;
/// they may be called from any thread and take turns.
/// </summary>
/// <param name="vault">What to read.</param>
/// <param name="indexFile">Where the index is kept.</param>
/// <param name="watches">Many questions will come: watch the vault for changes between them.</param>
/// <param name="time">Tells how fresh a time stamp is.</param>
internal sealed class VaultIndex(VaultFolder vault, string indexFile, bool watches, TimeProvider time)
    : IDisposable
{
    // A file changed this shortly before it was read may change again without a new time stamp.
    private static readonly long DoubtTicks = TimeSpan.FromSeconds(2).Ticks;

    // Not every file system reports its changes.
    private static readonly TimeSpan TrustWatch = TimeSpan.FromSeconds(30);

    private readonly Lock _turn = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private IndexStore? _store;
    private VaultWatch? _watch;
    private IndexReport? _last;
    private long _lastLook;
    private bool _rebuilt;
    private int _isDisposed;

    /// <summary>Reads what is new or changed since the last refresh and drops what is gone.</summary>
    /// <remarks>
    /// Cancelled midway it keeps what it has done; the next refresh does the rest. Where the vault is
    /// watched, files are looked at again only after a change, or when the last look is half a minute old.
    /// </remarks>
    /// <exception cref="VaultException">The index cannot be written, or the vault cannot be read at
    /// all.</exception>
    public IndexReport Refresh(IndexCounter counter, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, cancellationToken);
        lock (_turn)
        {
            if (_last is { } last && !MustLook())
            {
                return last with { Updated = 0, Removed = 0, Rebuilt = false };
            }

            _lastLook = time.GetTimestamp();
            _last = null;
            try
            {
                if (watches) _watch ??= vault.Watch();
                _ = _watch?.TakeChange();
                return _last = RefreshOnce(counter, either.Token);
            }
            catch (SqliteException error) when (IndexStore.IsDamage(error))
            {
                DiscardStore();
                return _last = RefreshOnce(counter, either.Token);
            }
            catch (Exception error) when (IndexStore.IsExpected(error))
            {
                DropStore();
                throw IndexStore.Failure(indexFile, error);
            }
        }
    }

    /// <summary>The passages that answer <paramref name="question"/> best, most relevant first.</summary>
    /// <exception cref="VaultException">The index cannot be read.</exception>
    public Found Search(Question question, CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            try
            {
                using var search = new IndexSearch(Store());
                return search.Run(question, cancellationToken);
            }
            catch (Exception error) when (IndexStore.IsExpected(error))
            {
                DropStore();
                throw IndexStore.Failure(indexFile, error);
            }
        }
    }

    /// <summary>Done when the file is closed.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Cancels a refresh and closes the file as soon as the work under way is over, without waiting
    /// for it.</summary>
    public void BeginDispose() => _ = Task.Run(Dispose);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _stop.Cancel();
        lock (_turn) DropStore();
        _watch?.Dispose();
        _stop.Dispose();
        _closed.TrySetResult();
    }

    private bool MustLook()
    {
        bool trusted = _watch is not null && time.GetElapsedTime(_lastLook) < TrustWatch;
        return !trusted || _watch!.TakeChange();
    }

    private IndexStore Store()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        return _store ??= IndexStore.Open(indexFile, vault.FullPath);
    }

    private void DropStore()
    {
        _store?.Dispose();
        _store = null;
    }

    private void DiscardStore()
    {
        DropStore();
        IndexStore.Delete(indexFile);
        _rebuilt = true;
    }

    private IndexReport RefreshOnce(IndexCounter counter, CancellationToken cancellationToken)
    {
        IndexStore store = Store();
        var skipped = new ConcurrentBag<SkippedFile>();
        var unlisted = new List<SkippedFile>();
        List<NoteFile> listed = vault.List(unlisted, cancellationToken);
        unlisted.ForEach(skipped.Add);

        RefreshPlan plan = RefreshPlan.Make(listed, RefreshPlan.LoadKnown(store));
        foreach (SkippedFile file in plan.StillSkipped) skipped.Add(file);
        counter.Expect(plan.ToRead.Count);

        int removed = plan.Gone.Count, updated = 0;
        if (plan.ToRead.Count + plan.Gone.Count > 0)
        {
            using var writer = new NoteWriter(store);
            foreach (long gone in plan.Gone) writer.Remove(gone);
            try
            {
                foreach (ReadNote read in ReadAll(plan.ToRead, cancellationToken))
                {
                    if (Apply(read, writer, skipped)) updated++;
                    counter.CountOne();
                }
            }
            catch (OperationCanceledException)
            {
                writer.Commit();
                throw;
            }

            writer.Commit();
        }

        SkippedFile[] named = skipped.OrderBy(static file => file.Path, StringComparer.Ordinal).ToArray();
        int notes = listed.Count - named.Count(file => !unlisted.Contains(file));
        return new IndexReport(
            notes, updated, removed, [.. named.Take(VaultLimits.SkippedListed)], named.Length,
            _rebuilt || store.Rebuilt);
    }

    private static bool Apply(ReadNote read, NoteWriter writer, ConcurrentBag<SkippedFile> skipped)
    {
        if (read.Refused is not null) skipped.Add(read.Refused);
        if (read.Unchanged)
        {
            writer.Touch(read.Source.KnownId, read.Source.File, read.Doubtful);
            return false;
        }

        if (read.Source.KnownId != 0) writer.Remove(read.Source.KnownId);
        if (read.Note is not null) writer.Add(read.Note);
        return read.Note is { SkipReason: null };
    }

    /// <summary>Reads and parses on all processors; the caller writes meanwhile.</summary>
    private IEnumerable<ReadNote> ReadAll(List<NoteToRead> toRead, CancellationToken cancellationToken)
    {
        using var ready = new BlockingCollection<ReadNote>(VaultLimits.ParsedNotesWaiting);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CancellationToken stopping = stop.Token;
        int next = -1;
        void ReadNext()
        {
            var terms = new NoteTerms();
            int mine;
            while ((mine = Interlocked.Increment(ref next)) < toRead.Count)
            {
                ready.Add(Read(toRead[mine], terms), stopping);
            }
        }

        int readers = Math.Min(Environment.ProcessorCount, toRead.Count);
        Task reading = Task.WhenAll(Enumerable.Range(0, readers).Select(_ => Task.Run(ReadNext, stopping)));
        _ = reading.ContinueWith(_ => ready.CompleteAdding(), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            foreach (ReadNote note in ready.GetConsumingEnumerable(stopping)) yield return note;
            reading.GetAwaiter().GetResult();
        }
        finally
        {
            stop.Cancel();
            while (!ready.IsAddingCompleted) Thread.Yield();
        }
    }

    private ReadNote Read(NoteToRead source, NoteTerms terms)
    {
        NoteFile file = source.File;
        bool doubtful = file.ModifiedTicks > time.GetUtcNow().UtcTicks - DoubtTicks;
        if (file.Bytes > VaultLimits.NoteBytes)
        {
            return ReadNote.Refuse(
                source, doubtful, 0, $"it is larger than {VaultLimits.NoteBytes >> 20} MiB");
        }

        byte[] bytes;
        try
        {
            bytes = vault.Read(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ReadNote.Unreadable(source, FileFailure.Reason(error));
        }

        long hash = Fingerprint.Of(bytes);
        if (source.KnownId != 0 && source.KnownHash == hash && source.KnownSkip is null
            && bytes.Length == source.KnownBytes)
        {
            return ReadNote.Same(source, doubtful);
        }

        if (!NoteText.TryDecode(bytes, out NoteText? text, out string reason))
        {
            return ReadNote.Refuse(source, doubtful, hash, reason);
        }

        Note note = NoteParser.Parse(file.Path, text!);
        return ReadNote.Parsed(source, doubtful, hash, note.Title, terms.Of(file.Path, note));
    }
}

namespace Outheis.Cli;

/// <summary>A bar on the error output for what takes longer than a second, where somebody sits. It begins empty for
/// what tells nothing of itself. Any thread.</summary>
internal sealed class SlowProgress : IAsyncDisposable
{
    private const int Steps = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly Func<Task> _end;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching = Task.CompletedTask;
    private Action<int, int>? _draw;      // null: nobody sits there, or it is over
    private Reading? _reading;            // what is looked at from here; null: nothing, or not yet
    private long _next = (long)Patience.TotalMilliseconds;

    public SlowProgress(string what)
        : this(Console.IsErrorRedirected ? null : new ProgressBar(what))
    {
    }

    private SlowProgress(ProgressBar? bar)
        : this(bar is null ? null : bar.Show, bar is null ? static () => Task.CompletedTask : bar.End,
            TimeProvider.System)
    {
    }

    internal SlowProgress(Action<int, int>? draw, Func<Task> end, TimeProvider time)
    {
        (_draw, _end, _time, _started) = (draw, end, time, time.GetTimestamp());
        if (draw is not null) _watching = Watch();
    }

    /// <summary>Opens a journal, which may take long itself, and shows how far it is read.</summary>
    public JournalReader Open(JournalFolders folders, JournalQuery query)
    {
        JournalReader journal = JournalReader.Open(folders.Directory, query);
        Volatile.Write(ref _reading, new Reading(journal, folders));
        return journal;
    }

    /// <summary>For what reads a journal and tells how many bytes.</summary>
    public IProgress<long> Of(JournalFolders folders) => new Heard(this, folders);

    public void Show(long done, long total)
    {
        if (IsDue()) Draw(done, total);
    }

    /// <summary>Takes the bar away, for good.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _draw, null) is null) return;
        await _over.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        await _end().ConfigureAwait(false);
        _over.Dispose();
    }

    private async Task Watch()
    {
        try
        {
            await Task.Delay(Patience, _time, _over.Token).ConfigureAwait(false);
            Show(0, 1);
            using var timer = new PeriodicTimer(Pause, _time);
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false))
            {
                if (Volatile.Read(ref _reading) is { } reading) Draw(reading.Journal.BytesRead, reading.All);
            }
        }
        catch (OperationCanceledException)
        {
            // It came to its end.
        }
        catch (Exception failure) when (failure is IOException or JournalException or UnauthorizedAccessException)
        {
            // Without a total the bar stays as it is; whoever reads says what is wrong.
        }
    }

    private bool IsDue()
    {
        long now = (long)_time.GetElapsedTime(_started).TotalMilliseconds, next = Volatile.Read(ref _next);
        return now >= next
            && Interlocked.CompareExchange(ref _next, now + (long)Pause.TotalMilliseconds, next) == next;
    }

    private void Draw(long done, long total) => Volatile.Read(ref _draw)?.Invoke(
        (int)(Math.Min(done, total) * Steps / Math.Max(total, 1)), Steps);

    // How much there is in all, only somebody who waits for so long has to know.
    private sealed class Reading(JournalReader journal, JournalFolders folders)
    {
        private readonly Lazy<long> _all = new(folders.Bytes);

        public JournalReader Journal => journal;

        public long All => _all.Value;
    }

    private sealed class Heard(SlowProgress progress, JournalFolders folders) : IProgress<long>
    {
        private readonly Lazy<long> _all = new(folders.Bytes);

        public void Report(long value)
        {
            if (progress._draw is not null && progress.IsDue()) progress.Draw(value, _all.Value);
        }
    }
}

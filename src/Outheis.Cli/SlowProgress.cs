using System.Diagnostics;

namespace Outheis.Cli;

/// <summary>A bar on the error output for what takes longer than a second, where somebody sits. Any thread.</summary>
internal sealed class SlowProgress : IAsyncDisposable
{
    private const int Steps = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching = Task.CompletedTask;
    private ProgressBar? _bar;
    private long _next = (long)Patience.TotalMilliseconds;

    /// <summary>For work that calls <see cref="Show"/>.</summary>
    public SlowProgress(string what) => _bar = Console.IsErrorRedirected ? null : new ProgressBar(what);

    /// <summary>For reading a journal, which is looked at from here.</summary>
    public SlowProgress(string what, JournalReader journal, JournalFolders folders)
        : this(what)
    {
        if (_bar is { } bar) _watching = Task.Run(() => Watch(bar, journal, folders));
    }

    /// <summary>For what reads a journal and tells how many bytes.</summary>
    public IProgress<long> Of(JournalFolders folders) => new Heard(this, folders);

    public void Show(long done, long total)
    {
        if (_bar is { } bar && IsDue()) Draw(bar, done, total);
    }

    /// <summary>Takes the bar away, for good.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _bar, null) is not { } bar) return;
        await _over.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        await bar.End().ConfigureAwait(false);
        _over.Dispose();
    }

    private async Task Watch(ProgressBar bar, JournalReader journal, JournalFolders folders)
    {
        try
        {
            await Task.Delay(Patience, _over.Token).ConfigureAwait(false);
            long all = folders.Bytes();
            using var timer = new PeriodicTimer(Pause);
            do Draw(bar, journal.BytesRead, all);
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // It came to its end.
        }
        catch (Exception failure) when (failure is IOException or JournalException or UnauthorizedAccessException)
        {
            // Without a total no bar; whoever reads says what is wrong.
        }
    }

    private bool IsDue()
    {
        long now = _clock.ElapsedMilliseconds, next = Volatile.Read(ref _next);
        return now >= next
            && Interlocked.CompareExchange(ref _next, now + (long)Pause.TotalMilliseconds, next) == next;
    }

    private static void Draw(ProgressBar bar, long done, long total) =>
        bar.Show((int)(Math.Min(done, total) * Steps / Math.Max(total, 1)), Steps);

    // How much there is in all, only somebody who waits for so long has to know.
    private sealed class Heard(SlowProgress progress, JournalFolders folders) : IProgress<long>
    {
        private readonly Lazy<long> _all = new(folders.Bytes);

        public void Report(long value)
        {
            if (progress._bar is { } bar && progress.IsDue()) Draw(bar, value, _all.Value);
        }
    }
}

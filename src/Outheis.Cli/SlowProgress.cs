using System.Diagnostics;

namespace Outheis.Cli;

/// <summary>A bar on the error output for what takes longer than a second, where somebody sits. Any thread.</summary>
internal sealed class SlowProgress : IAsyncDisposable
{
    private const int Steps = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Timer? _timer;
    private ProgressBar? _bar;
    private long _next = (long)Patience.TotalMilliseconds;

    /// <summary>For work that calls <see cref="Show"/>.</summary>
    public SlowProgress(string what) => _bar = Console.IsErrorRedirected ? null : new ProgressBar(what);

    /// <summary>For reading a journal, which is looked at from here.</summary>
    public SlowProgress(string what, JournalReader journal, JournalFolders folders)
        : this(what)
    {
        IProgress<long> heard = Of(folders);
        _timer = _bar is null ? null : new Timer(_ => heard.Report(journal.BytesRead), null, Patience, Pause);
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
        if (_timer is not null) await _timer.DisposeAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _bar, null) is { } bar) await bar.End().ConfigureAwait(false);
    }

    private bool IsDue()
    {
        long now = _clock.ElapsedMilliseconds, next = Volatile.Read(ref _next);
        return _bar is not null && now >= next
            && Interlocked.CompareExchange(ref _next, now + (long)Pause.TotalMilliseconds, next) == next;
    }

    private void Draw(long done, long total) =>
        _bar?.Show((int)(Math.Min(done, total) * Steps / Math.Max(total, 1)), Steps);

    // How much there is in all, only somebody who waits for so long has to know.
    private sealed class Heard(SlowProgress progress, JournalFolders folders) : IProgress<long>
    {
        private readonly Lazy<long> _all = new(folders.Bytes);

        public void Report(long value)
        {
            if (progress.IsDue()) progress.Draw(value, _all.Value);
        }
    }
}

using System.Diagnostics;

namespace Outheis.Cli;

/// <summary>A bar on the error output for what takes longer than a second, where somebody sits. Any thread.</summary>
internal sealed class SlowProgress : IAsyncDisposable
{
    private const int Steps = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ProgressBar? _bar;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _next = (long)Patience.TotalMilliseconds;

    public SlowProgress(string what) => _bar = Console.IsErrorRedirected ? null : new ProgressBar(what);

    public void Show(long done, long total)
    {
        long now = _clock.ElapsedMilliseconds, next = Volatile.Read(ref _next);
        if (_bar is null || now < next) return;
        if (Interlocked.CompareExchange(ref _next, now + (long)Pause.TotalMilliseconds, next) != next) return;
        _bar.Show((int)(Math.Min(done, total) * Steps / Math.Max(total, 1)), Steps);
    }

    public async ValueTask DisposeAsync()
    {
        if (_bar is not null) await _bar.End().ConfigureAwait(false);
    }
}

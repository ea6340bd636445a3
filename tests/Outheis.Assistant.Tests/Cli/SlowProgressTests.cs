using System.Collections.Concurrent;
using Outheis.Cli;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>When a bar is drawn, by a clock that the test moves.</summary>
public sealed class SlowProgressTests(ChainJournal journal) : IClassFixture<ChainJournal>
{
    private readonly ManualTime _time = new();
    private readonly ConcurrentQueue<(int Done, int Total)> _drawn = [];
    private int _ended;

    [Fact]
    public async Task Show_WithinTheFirstSecond_DrawsNothing()
    {
        SlowProgress progress = Create();
        for (int ms = 0; ms < 1000; ms += 10)
        {
            progress.Show(ms, 1000);
            _time.Advance(TimeSpan.FromMilliseconds(ms == 990 ? 9 : 10));
        }

        progress.Show(999, 1000);
        await progress.DisposeAsync();
        Assert.Empty(_drawn);
        Assert.Equal(1, _ended);
    }

    [Fact]
    public async Task Show_AfterASecond_DrawsTenTimesASecondAtMost()
    {
        SlowProgress progress = Create();
        await Past(TimeSpan.FromSeconds(1), draws: 1);      // by itself
        for (int ms = 0; ms < 1000; ms++)
        {
            progress.Show(1000 + ms, 2000);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await progress.DisposeAsync();
        Assert.Equal(
            [(0, 1000), .. Enumerable.Range(1, 9).Select(static tenth => (500 + (50 * tenth), 1000))], _drawn);
    }

    [Fact]
    public async Task Nothing_IsTold_ABarBeginsAfterASecond()
    {
        SlowProgress progress = Create();
        await Past(TimeSpan.FromSeconds(1), draws: 1);
        Assert.Equal([(0, 1000)], _drawn);
        await progress.DisposeAsync();
    }

    [Fact]
    public async Task Open_AJournal_ShowsHowFarItIsRead()
    {
        var folders = new JournalFolders(journal.Journal, null);
        SlowProgress progress = Create();
        using JournalReader reader = progress.Open(folders, new JournalQuery());
        await Past(TimeSpan.FromSeconds(1), draws: 1);
        Assert.NotEmpty(reader.Read(TestContext.Current.CancellationToken));
        await Past(TimeSpan.FromMilliseconds(100), draws: 2);
        await progress.DisposeAsync();
        int done = (int)(Math.Min(reader.BytesRead, folders.Bytes()) * 1000 / folders.Bytes());
        Assert.InRange(done, 1, 1000);
        Assert.Equal([(0, 1000), (done, 1000)], _drawn);
    }

    [Fact]
    public async Task Dispose_TakesTheBarAwayOnceAndForGood()
    {
        SlowProgress progress = Create();
        await Past(TimeSpan.FromSeconds(1), draws: 1);
        await progress.DisposeAsync();
        await progress.DisposeAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        progress.Show(1, 2);
        progress.Of(new JournalFolders(journal.Journal, null)).Report(1);
        Assert.Equal((1, 1, 0), (_ended, _drawn.Count, _time.Timers));
    }

    [Fact]
    public async Task Nobody_SitsThere_NothingIsDrawnNorTimed()
    {
        var progress = new SlowProgress(draw: null, End, _time);
        Assert.Equal(0, _time.Timers);
        _time.Advance(TimeSpan.FromSeconds(10));
        progress.Show(1, 2);
        await progress.DisposeAsync();
        Assert.Equal(0, _ended);
    }

    private SlowProgress Create() => new((done, total) => _drawn.Enqueue((done, total)), End, _time);

    private Task End()
    {
        _ended++;
        return Task.CompletedTask;
    }

    // The clock's callbacks go on elsewhere: waits until they have drawn, and have set the next timer.
    private async Task Past(TimeSpan time, int draws)
    {
        _time.Advance(time);
        await Waiting.Until(() => _drawn.Count >= draws && _time.Timers == 1);
    }

    /// <summary>A clock that goes on when it is told.</summary>
    private sealed class ManualTime : TimeProvider
    {
        private readonly List<Timer> _timers = [];      // locked
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public int Timers
        {
            get
            {
                lock (_timers) return _timers.Count(static timer => timer.Due != long.MaxValue);
            }
        }

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Advance(TimeSpan by)
        {
            Timer[] due;
            lock (_timers)
            {
                _now += by.Ticks;
                due = [.. _timers.Where(timer => timer.Due <= _now)];
                foreach (Timer timer in due) timer.Due = timer.Period > 0 ? _now + timer.Period : long.MaxValue;
            }

            foreach (Timer timer in due) timer.Ring();
        }

        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(this, () => callback(state));
            timer.Change(dueTime, period);
            lock (_timers) _timers.Add(timer);
            return timer;
        }

        private sealed class Timer(ManualTime time, Action ring) : ITimer
        {
            public long Due { get; set; } = long.MaxValue;

            public long Period { get; private set; }

            public void Ring() => ring();

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                lock (time._timers)
                {
                    Due = dueTime < TimeSpan.Zero ? long.MaxValue : time._now + dueTime.Ticks;
                    Period = period > TimeSpan.Zero ? period.Ticks : 0;
                }

                return true;
            }

            public void Dispose()
            {
                lock (time._timers) time._timers.Remove(this);
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}

namespace Outheis;

/// <summary>What one thread sleeps on until another one signals it. A signal is kept until a sleep takes it; two that
/// none has taken are one.</summary>
internal abstract class Sleeper
{
    /// <summary>The one thread whose it is. True: by a signal, at once if that was there before; false: the time is
    /// over.</summary>
    /// <param name="atMost">Infinite, or 0 to 24 days.</param>
    public abstract bool Sleep(TimeSpan atMost);

    /// <summary>Any thread, holding nothing that the sleeper needs.</summary>
    public abstract void Signal();
}

/// <summary>By the runtime's own means, on every system.</summary>
internal sealed class MonitorSleeper : Sleeper
{
    private readonly object _lock = new();
    private bool _isSignaled;

    public override bool Sleep(TimeSpan atMost)
    {
        lock (_lock)
        {
            if (!_isSignaled)
            {
                Monitor.Wait(_lock, atMost);      // nobody pulses but whoever has signaled
            }

            bool wasSignaled = _isSignaled;
            _isSignaled = false;
            return wasSignaled;
        }
    }

    public override void Signal()
    {
        lock (_lock)
        {
            _isSignaled = true;
            Monitor.Pulse(_lock);
        }
    }
}

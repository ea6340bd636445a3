namespace Outheis.Coyote;

/// <summary>A count to wait for, over a monitor, which Coyote controls wherever it was made.</summary>
internal sealed class Permits(int count)
{
    private readonly object _lock = new();
    private int _count = count;

    public void Add()
    {
        lock (_lock)
        {
            _count++;
            Monitor.PulseAll(_lock);
        }
    }

    public void Take()
    {
        lock (_lock)
        {
            while (_count == 0)
            {
                Monitor.Wait(_lock);
            }

            _count--;
        }
    }
}

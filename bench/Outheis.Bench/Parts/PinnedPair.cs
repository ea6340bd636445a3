namespace Outheis.Bench.Parts;

/// <summary>
/// Two threads on processors 0 and 1, each doing its part of every round and sleeping between rounds.
/// </summary>
internal sealed class PinnedPair
{
    private const int SpinsBeforeYield = 20_000;

    private readonly Round _round;
    private readonly SemaphoreSlim[] _go = [new(0), new(0)];
    private readonly Thread[] _threads;
    private bool _closing;

    private PinnedPair(Round round, Action first, Action second)
    {
        _round = round;
        _threads =
        [
            PinnedThread.Start(0, "bench 0", () => Serve(_go[0], first)),
            PinnedThread.Start(1, "bench 1", () => Serve(_go[1], second)),
        ];
    }

    public static ShapeRun Run(Round round, Action first, Action second)
    {
        var pair = new PinnedPair(round, first, second);
        return new ShapeRun(pair.Release, () =>
        {
            Volatile.Write(ref pair._closing, true);
            pair.Release();
            foreach (Thread thread in pair._threads) thread.Join();
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>
    /// Busy, because this is the bound to compare with; yielding, because the other side may need this core.
    /// </summary>
    public static long Read(CellRing ring)
    {
        long value;
        for (int spins = 0; !ring.TryRead(out value); spins++) Pause(ref spins);
        return value;
    }

    public static void Write(CellRing ring, long value)
    {
        for (int spins = 0; !ring.TryWrite(value); spins++) Pause(ref spins);
    }

    private static void Pause(ref int spins)
    {
        if (spins < SpinsBeforeYield)
        {
            Thread.SpinWait(1);
            return;
        }
        Thread.Yield();
        spins = 0;
    }

    private void Release()
    {
        foreach (SemaphoreSlim go in _go) go.Release();
    }

    private void Serve(SemaphoreSlim go, Action part)
    {
        while (true)
        {
            go.Wait();
            if (Volatile.Read(ref _closing)) return;
            try
            {
                part();
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                _round.Fail(failure);
            }
        }
    }
}

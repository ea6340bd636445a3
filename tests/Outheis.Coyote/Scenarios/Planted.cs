namespace Outheis.Coyote;

/// <summary>A scenario with a bug of its own, by which the tests see that bugs are found.</summary>
internal abstract class Planted : Scenario;

/// <summary>Two threads count without a lock.</summary>
internal sealed class PlantedLostUpdate : Planted
{
    private int _count;

    public override void Run()
    {
        Together(() => _count++, () => _count++);
        Claim(_count == 2, $"counted {_count} of 2");
    }
}

/// <summary>The same, but seen only when all is over.</summary>
internal sealed class PlantedLostUpdateSeenLate : Planted
{
    private int _count;

    public override void Run() => Together(() => _count++, () => _count++);

    public override void Check() => Claim(_count == 2, $"counted {_count} of 2");
}

/// <summary>One thread sleeps, and the other looks for a sleeper too early.</summary>
internal sealed class PlantedLostWake : Planted
{
    private readonly Permits _permits = new(0);
    private bool _isAsleep;

    public override void Run() => Together(
        () =>
        {
            Volatile.Write(ref _isAsleep, true);
            _permits.Take();
        },
        () =>
        {
            if (Volatile.Read(ref _isAsleep))
            {
                _permits.Add();
            }
        });
}

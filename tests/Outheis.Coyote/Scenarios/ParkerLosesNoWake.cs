namespace Outheis.Coyote;

/// <summary>
/// A core that sleeps when it finds no work, and two threads that bring it some: INV-08. A lost wake is a deadlock,
/// which Coyote reports. Each announcement is taken back or taken by one waker; no signal is left for the next sleep.
/// </summary>
internal sealed class ParkerLosesNoWake : Scenario
{
    private const int Work = 3;

    // One thread runs at a time: there is nobody to order memory for.
    private readonly MonitorSleeper _sleeper = new();
    private readonly Parker _parker;
    private int _brought;
    private int _wakes;
    private int _sleeps;

    public ParkerLosesNoWake() => _parker = new Parker(static () => { }, _sleeper);

    public override void Run() => Together(Core, () => Bring(2), () => Bring(1));

    public override void Check()
    {
        Claim(_wakes <= _sleeps, $"{_wakes} wakes of {_sleeps} sleeps");
        ClaimAwake(_parker, _sleeper);
    }

    public static void ClaimAwake(Parker parker, MonitorSleeper sleeper)
    {
        object? parked = Field<Parker>("_parked").GetValue(parker);
        Claim(parked is PaddedFlag { Value: 0 }, "nobody sleeps, but an announcement is left");
        Claim(Field<MonitorSleeper>("_isSignaled").GetValue(sleeper) is false, "a signal is left for the next sleep");
    }

    private void Core()
    {
        for (int done = 0; done < Work;)
        {
            if (Volatile.Read(ref _brought) > done)
            {
                done++;
                continue;
            }

            _sleeps++;
            _parker.Announce();
            if (Volatile.Read(ref _brought) > done)
            {
                _parker.Cancel();
            }
            else
            {
                _parker.Sleep(Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Bring(int work)
    {
        for (int i = 0; i < work; i++)
        {
            Interlocked.Increment(ref _brought);
            if (_parker.Wake())
            {
                Interlocked.Increment(ref _wakes);
            }
        }
    }
}

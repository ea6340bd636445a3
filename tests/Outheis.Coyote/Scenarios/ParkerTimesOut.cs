namespace Outheis.Coyote;

/// <summary>
/// A core sleeps for a limited time, and the time is over at the moment at which somebody wakes it: whoever takes the
/// announcement owns the wake (<see cref="Parker"/>), so that each sleep ends once and leaves no signal for the next.
/// </summary>
internal sealed class ParkerTimesOut : Scenario
{
    private const int Sleeps = 2;

    private readonly MonitorSleeper _sleeper = new();
    private readonly Parker _parker;
    private int _wakes;

    public ParkerTimesOut() => _parker = new Parker(static () => { }, _sleeper);

    public override void Run() => Together(
        () =>
        {
            for (int i = 0; i < Sleeps; i++)
            {
                _parker.Announce();
                _parker.Sleep(TimeSpan.FromMilliseconds(1));
            }
        },
        Wake,
        Wake);

    public override void Check()
    {
        Claim(_wakes <= Sleeps, $"{_wakes} wakes of {Sleeps} sleeps");
        ParkerLosesNoWake.ClaimAwake(_parker, _sleeper);
    }

    private void Wake()
    {
        if (_parker.Wake())
        {
            Interlocked.Increment(ref _wakes);
        }
    }
}

namespace Outheis.Coyote;

/// <summary>
/// Two senders and the home core over one channel of three messages: C1 and C4 of <see cref="Credits"/>. Never more
/// messages are under way than the channel holds, and when all is over every credit is back.
/// </summary>
internal sealed class CreditsKeepTheBound : Scenario
{
    private const int Capacity = 3;

    private Credits _credits = new(Capacity);
    private int _held;      // leases and messages under way; counted after a take, before a return: never too high
    private int _sent;

    public override void Run() => Together(
        () =>
        {
            Take(1, used: 1);
            Take(1, used: 1);
        },
        () => Take(2, used: 1),
        () =>
        {
            Handle();
            Handle();
        });

    public override void Check()
    {
        while (Handle())
        {
        }

        Claim(_held == 0, "all was handled");
        Claim(_credits.Free == Capacity, $"C1: {_credits.Free} of {Capacity} credits are left");
    }

    private void Take(int wanted, int used)
    {
        int got = _credits.TakeShared(wanted);
        int held = Interlocked.Add(ref _held, got);
        Claim(held <= Capacity, $"C1: {held} of {Capacity} credits are out");
        int unused = Math.Max(0, got - used);
        if (unused > 0)
        {
            Interlocked.Add(ref _held, -unused);
            _credits.GiveBack(unused);
        }

        Interlocked.Add(ref _sent, got - unused);
    }

    private bool Handle()
    {
        if (Volatile.Read(ref _sent) == 0)
        {
            return false;
        }

        Interlocked.Decrement(ref _sent);
        Interlocked.Decrement(ref _held);
        _credits.GiveHome();
        _credits.Settle(somebodyWaits: false, isIdle: true);
        return true;
    }
}

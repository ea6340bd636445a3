namespace Outheis.Coyote;

/// <summary>
/// Two senders wait for room in a channel of one message while the core handles what is there: fences 4 and 5, C1, the
/// handshake of <see cref="WaitList"/> and <see cref="Credits.Settle"/>. A sender that sleeps beside free room is a
/// deadlock, which Coyote reports.
/// </summary>
internal sealed class RoomWakesWaiters : Scenario
{
    private const int Senders = 2;
    private const int Messages = Senders + 1;      // one lies in the channel when the senders come

    private readonly Permits _sent = new(1);
    private Credits _credits = new(1);
    private WaitList _waiters;
    private int _underWay = 1;

    public RoomWakesWaiters() => Claim(_credits.TakeShared(1) == 1, "the first message finds room");

    public override void Run() => Together(Send, Send, Handle);

    public override void Check() => Claim(_credits.Free == 1 && !_waiters.Any, "C1: the room is free and nobody waits");

    private void Send()
    {
        var waiter = new Sleeper();
        while (_credits.TakeShared(1) == 0)
        {
            _waiters.Add(waiter);
            if (_credits.Free > 0)
            {
                _waiters.WakeAll();      // room came between the refusal and the wait
            }

            waiter.Sleep();
        }

        Claim(Interlocked.Increment(ref _underWay) == 1, "C1: two messages in a channel of one");
        _sent.Add();
    }

    private void Handle()
    {
        for (int i = 0; i < Messages; i++)
        {
            _sent.Take();
            Interlocked.Decrement(ref _underWay);
            _credits.GiveHome();
            if (_credits.Settle(_waiters.Any, isIdle: true) && _waiters.Any)
            {
                _waiters.WakeAll();
            }
        }
    }

    private sealed class Sleeper : Waiter
    {
        private readonly Permits _woken = new(0);

        public void Sleep() => _woken.Take();

        public override void Wake() => _woken.Add();

        public override void Run(Core core) => Wake();
    }
}

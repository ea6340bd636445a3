using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Fences;

/// <summary>F4 and F5: a send that waits for room in a channel, against the core that makes room there.</summary>
public sealed class CreditTests
{
    private const int Capacity = 4;

    private sealed class Channel
    {
        public Credits Credits = new(Capacity);
        public WaitList Waiters;
        public readonly NotedWaiter Waiter = new();
        public bool SawRoom;

        public Channel() => Credits.TakeShared(Capacity);

        /// <summary>As a send that was refused: waits, then looks once more.</summary>
        public void WaitForRoom()
        {
            Waiters.Add(Waiter);
            SawRoom = Credits.Free > 0;
        }

        public void WakeWaiters()
        {
            if (Waiters.Any)
            {
                Waiters.WakeAll();
            }
        }
    }

    private static LitmusTest<Channel> Race(string name, Action<Channel> makeRoom) => new()
    {
        Name = name,
        Make = static () => new Channel(),
        Actors = [makeRoom, static channel => channel.WaitForRoom()],
        Observe = static channel =>
            $"{(channel.SawRoom ? "room" : "no room")}, {(channel.Waiter.Woken ? "woken" : "not woken")}",
        Outcomes =
        [
            Allowed("room, woken", "each saw the other"),
            Allowed("room, not woken", "the second look found it"),
            Allowed("no room, woken", "the core found the waiter"),
            Forbidden("no room, not woken", "a send waits beside free room: F4/F5"),
        ],
    };

    [Fact]
    public void Settle_AgainstAWaiter_OneSeesTheOther() => Experiment.Expect(Race(
        "Credits.Settle against WaitList.Add",
        static channel =>
        {
            channel.Credits.GiveHome();
            if (channel.Credits.Settle(channel.Waiters.Any, isIdle: true))
            {
                channel.WakeWaiters();
            }
        }));

    [Fact]
    public void GiveBack_AgainstAWaiter_OneSeesTheOther() => Experiment.Expect(Race(
        "Credits.GiveBack against WaitList.Add",
        static channel =>
        {
            channel.Credits.GiveBack(1);
            channel.WakeWaiters();
        }));
}

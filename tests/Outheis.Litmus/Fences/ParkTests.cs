using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Fences;

/// <summary>F1 and F2: who parks and who wakes do not miss each other. The fence is the one that core threads have.
/// </summary>
public sealed unsafe class ParkTests
{
    private const int DelayMost = 4096;      // the process-wide fence takes microseconds: meet it at every moment

    private static readonly PinnedThreads s_threads = new();
    private static readonly Action s_fence = s_threads.Fence;

    private static readonly LitmusOutcome[] s_outcomes =
    [
        Allowed("work, woken", "each saw the other"),
        Allowed("work, not woken", "the last look found it"),
        Allowed("no work, woken", "the waker found the sleeper"),
        Forbidden("no work, not woken", "a core sleeps beside its work: F1/F2"),
    ];

    private class Desk
    {
        public Parker Parker = new(s_fence, s_threads.MakeSleeper());
        public ControlQueue Control;
        public int Work;
        public bool SawWork;
        public bool Woke;

        public string Outcome => $"{(SawWork ? "work" : "no work")}, {(Woke ? "woken" : "not woken")}";
    }

    private sealed class Op : KernelOp
    {
        public override void Run(Core core)
        {
        }
    }

    private sealed class RingDesk : Desk, IDisposable
    {
        public readonly CoreRing Ring = new();

        public void Renew() => (Parker, SawWork, Woke) = (new Parker(s_fence, s_threads.MakeSleeper()), false, false);

        public void Send()
        {
            Message* slot = Ring.TryClaim();
            Ring.Publish(slot);
        }

        public void Take()
        {
            Ring.Peek();
            Ring.Take();
        }

        public void Dispose() => Ring.Dispose();
    }

    private static LitmusResult Race<T>(
        string name, Action<T> park, Action<T> wake, int batch, Action<T>? reset = null)
        where T : Desk, new() => Experiment.Expect(
        new LitmusTest<T>
        {
            Name = name,
            Make = static () => new T(),
            Reset = reset,
            Actors = [park, wake],
            Observe = static desk => desk.Outcome,
            Outcomes = s_outcomes,
        },
        batch,
        DelayMost);

    [Fact]
    public void Announce_AgainstAWord_OneSeesTheOther() => Race<Desk>(
        "park against a store",
        static desk =>
        {
            desk.Parker.Announce();
            desk.SawWork = Volatile.Read(ref desk.Work) != 0;
        },
        static desk =>
        {
            Volatile.Write(ref desk.Work, 1);
            desk.Woke = desk.Parker.Wake();
        },
        batch: 256);

    [Fact]
    public void Announce_AgainstAMessage_OneSeesTheOther() => RaceWithAMessage("park against CoreRing.Publish", Send);

    /// <summary>A passive send leaves a sleeper asleep and looks once more later (LW-25): whom it took to be awake has
    /// the message.</summary>
    [Fact]
    public void Announce_AgainstAPassiveMessage_OneSeesTheOther() =>
        RaceWithAMessage("park against a passive send", SendPassively);

    /// <summary>Of each kind a million races.</summary>
    [Fact(Explicit = true)]      // by hand: a minute (docs/memory-model.md)
    public void Announce_AgainstAMillionMessages_NoWakeIsLost()
    {
        foreach (Action<RingDesk> send in (Action<RingDesk>[])[Send, SendPassively])
        {
            for (long rounds = 0; rounds < 1_000_000;)
            {
                rounds += RaceWithAMessage("park against a million messages", send).Rounds;
            }
        }
    }

    private static void Send(RingDesk desk)
    {
        desk.Send();
        desk.Woke = desk.Parker.Wake();
    }

    private static void SendPassively(RingDesk desk)
    {
        desk.Send();
        desk.Woke = desk.Parker.IsAnnounced && desk.Parker.Wake();
    }

    private static LitmusResult RaceWithAMessage(string name, Action<RingDesk> send) => Race(
        name,
        static desk =>
        {
            desk.Parker.Announce();
            desk.SawWork = desk.Ring.Peek() != null;
        },
        send,
        batch: 64,
        static desk =>
        {
            if (desk.Ring.Peek() != null)
            {
                desk.Take();
                desk.Ring.Free();
            }

            desk.Renew();
        });

    [Fact]
    public void Announce_AgainstAnOp_OneSeesTheOther() => Race<Desk>(
        "park against ControlQueue.Push",
        static desk =>
        {
            desk.Parker.Announce();
            desk.SawWork = !desk.Control.IsEmpty;
        },
        static desk =>
        {
            desk.Control.Push(new Op());
            desk.Woke = desk.Parker.Wake();
        },
        batch: 256);

    /// <summary>A core parks with messages in its outbox: the consumer frees slots, then looks for "blocked" and for
    /// the announcement.</summary>
    [Fact]
    public void Announce_WithAFullOutbox_SeesTheRoomOrIsWoken() => Race<RingDesk>(
        "park against CoreRing.Free",
        static desk =>
        {
            desk.Ring.SetBlocked(true);
            desk.Parker.Announce();
            desk.SawWork = desk.Ring.HasRoomToResume();
        },
        static desk =>
        {
            desk.Ring.Free();
            desk.Woke = desk.Ring.IsSenderBlocked && desk.Parker.Wake();
        },
        batch: 16,
        static desk =>
        {
            while (desk.Ring.TryClaim() != null)
            {
                desk.Send();
            }

            for (int i = 0; i < Limits.RingSlots; i++)
            {
                desk.Take();      // freed by the actor
            }

            desk.Ring.SetBlocked(false);
            desk.Renew();
        });

    /// <summary>Whoever announces and whoever cancels, of several wakers exactly one owns the wake.</summary>
    [Fact]
    public void Wake_TwoWakers_OneOwnsIt() => Experiment.Expect(
        new LitmusTest<Desk>
        {
            Name = "two wakers",
            Make = static () =>
            {
                var desk = new Desk();
                desk.Parker.Announce();
                return desk;
            },
            Actors =
            [
                static desk => desk.SawWork = desk.Parker.Wake(),
                static desk => desk.Woke = desk.Parker.Wake(),
            ],
            Observe = static desk => (desk.SawWork, desk.Woke) switch
            {
                (true, true) => "both",
                (false, false) => "nobody",
                _ => "one",
            },
            Outcomes =
            [
                Allowed("one", "the exchange has one winner"),
                Forbidden("both", "one announcement was taken twice"),
                Forbidden("nobody", "an announcement was overlooked"),
            ],
        },
        batch: 64);
}

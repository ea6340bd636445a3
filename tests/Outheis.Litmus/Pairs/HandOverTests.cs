using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Pairs;

/// <summary>Ops and asks: what one thread wrote before it handed over is there for whoever takes it.</summary>
public sealed class HandOverTests
{
    private sealed class Note : KernelOp
    {
        public int Content;

        public override void Run(Core core)
        {
        }
    }

    private sealed class ControlDesk
    {
        public ControlQueue Queue;
        public string Seen = "";
    }

    [Fact]
    public void ControlQueuePush_AgainstTakeAll_ShowsTheOpsFields() => Experiment.Expect(new LitmusTest<ControlDesk>
    {
        Name = "ControlQueue.Push against TakeAll",
        Make = static () => new ControlDesk(),
        Actors =
        [
            static desk => desk.Queue.Push(new Note { Content = 1 }),
            static desk => desk.Seen = desk.Queue.TakeAll() is Note note ? $"{note.Content}" : "nothing",
        ],
        Observe = static desk => desk.Seen,
        Outcomes =
        [
            Allowed("nothing", "not yet pushed"),
            Allowed("1", "the op with its field"),
            Forbidden("0", "the op was seen before its field: R1/A1"),
        ],
    });

    // Of nobody: only its list of asks is used.
    private static AgentContext Asker() => new(
        new AgentCell(null!, null, new AgentId(1), null, null, null, Qos.Default, 1));

    private sealed class ReplyDesk
    {
        private readonly ReplyTable _table = IdleKernel.Make().Cores[0].Replies;
        private readonly AgentContext _asker = Asker();
        private ReplySlot<int>? _slot;
        private ulong _correlation;
        private bool _first;
        private bool _second;

        public string Outcome => $"{(_first ? "current" : "over")}, {(_second ? "current" : "over")}";

        public void Renew()
        {
            if (_slot is not null)
            {
                _table.Return(_slot);
            }

            _slot = _table.Rent<int>(_asker, null!, long.MaxValue);
            _correlation = _slot!.Correlate(0);
        }

        public void End() => _table.Complete(_correlation, 1);

        public void LookTwice()
        {
            _first = _table.IsCurrent(_correlation);
            _second = _table.IsCurrent(_correlation);
        }
    }

    [Fact]
    public void ReplySlotEnd_AgainstIsCurrent_IsNeverTakenBack() => Experiment.Expect(
        new LitmusTest<ReplyDesk>
        {
            Name = "ReplySlot.End against IsCurrent",
            Make = static () => new ReplyDesk(),
            Reset = static desk => desk.Renew(),
            Actors = [static desk => desk.End(), static desk => desk.LookTwice()],
            Observe = static desk => desk.Outcome,
            Outcomes =
            [
                Allowed("current, current", "not yet over"),
                Allowed("current, over", "it ended between the looks"),
                Allowed("over, over", "it had ended"),
                Forbidden("over, current", "an ask that was over is not: R7/A7"),
            ],
        },
        batch: 64);

    private const int FullTable = 64;      // entries before a table grows

    private sealed class GrowingReplies
    {
        public readonly ReplyTable Table = new(null!);
        public readonly AgentContext Waits = Asker();
        public readonly ulong Correlation;
        public bool Found;

        public GrowingReplies()
        {
            for (int i = 0; i < FullTable; i++)
            {
                Correlation = Table.Rent<int>(Waits, null!, long.MaxValue)!.Correlate(0);
            }
        }
    }

    [Fact]
    public void ReplyTableAdd_Growing_LosesNoOlderSlot() => Experiment.Expect(
        new LitmusTest<GrowingReplies>
        {
            Name = "ReplyTable.Add against IsCurrent",
            Make = static () => new GrowingReplies(),
            Actors =
            [
                static replies => replies.Table.Rent<int>(replies.Waits, null!, long.MaxValue),
                static replies => replies.Found = replies.Table.IsCurrent(replies.Correlation),
            ],
            Observe = static replies => replies.Found ? "found" : "lost",
            Outcomes =
            [
                Allowed("found", "in the old table or in the longer one"),
                Forbidden("lost", "a longer table was seen before it was filled: R8/A8"),
            ],
        },
        batch: 64);

    private sealed class GrowingAsks
    {
        public readonly HostAsks Asks = new(TimeProvider.System);
        public readonly ulong Correlation;
        public bool Found;

        public GrowingAsks()
        {
            for (int i = 0; i < FullTable; i++)
            {
                Correlation = Asks.Rent<int>(null!, Timeout.InfiniteTimeSpan)!.Correlation;
            }
        }
    }

    [Fact]
    public void HostAsksAdd_Growing_LosesNoOlderAsk() => Experiment.Expect(
        new LitmusTest<GrowingAsks>
        {
            Name = "HostAsks.Add against Find",
            Make = static () => new GrowingAsks(),
            Actors =
            [
                static asks => asks.Asks.Rent<int>(null!, Timeout.InfiniteTimeSpan),
                static asks => asks.Found = asks.Asks.IsCurrent(asks.Correlation),
            ],
            Observe = static asks => asks.Found ? "found" : "lost",
            Outcomes =
            [
                Allowed("found", "in the old table or in the longer one"),
                Forbidden("lost", "a longer table was seen before it was filled: R31/A31"),
            ],
        },
        batch: 64);
}

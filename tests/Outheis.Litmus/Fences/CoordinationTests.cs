using System.Runtime.InteropServices;
using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Fences;

/// <summary>
/// F24 to F27: whoever leaves a group last against one that begins to wait for it, and an agent that takes what a
/// source has against a thread that gives it more.
/// </summary>
public sealed class CoordinationTests
{
    private readonly record struct Word(long Value);

    private sealed class Hears : Agent, IHandle<Word>
    {
        public void Handle(in Word message, Context context)
        {
        }
    }

    private sealed unsafe class SourceDesk : IDisposable
    {
        private readonly Core _core;
        private readonly MergedWord _source;
        private readonly Message* _message;
        private long _taken;

        public SourceDesk()
        {
            Kernel kernel = IdleKernel.Make();
            _core = kernel.Cores[0];
            AgentCell agent = kernel.Living(kernel.Spawn("hears", static () => new Hears()));
            _core.Control.TakeAll();
            _source = new MergedWord(agent, HandleRoute<Word>.Instance, isSum: true);
            _message = (Message*)NativeMemory.AlignedAlloc(Limits.CellBytes, Limits.CellBytes);
        }

        public string Outcome => $"{_taken}, {(_core.Control.TakeAll() is null ? "not told" : "told")}";

        /// <summary>It has 1, and the agent is about to take it.</summary>
        public void Renew()
        {
            _core.Control.TakeAll();
            _source.Merge(1);
            Take();
            _core.Control.TakeAll();
            _source.Merge(1);
            _core.Control.TakeAll();
        }

        public void Merge() => _source.Merge(1);

        public void Take()
        {
            *_message = new Message { Flags = MessageFlags.Told | MessageFlags.Merged };
            _source.TryTake(_core, _message);
            _taken = *(long*)&_message->Payload;
        }

        public void Dispose() => NativeMemory.AlignedFree(_message);
    }

    [Fact]
    public void SourceMerge_AgainstTake_IsTakenOrTold() => Experiment.Expect(
        new LitmusTest<SourceDesk>
        {
            Name = "MergeCell.NoteMerged against TryTake",
            Make = static () => new SourceDesk(),
            Reset = static desk => desk.Renew(),
            Actors = [static desk => desk.Take(), static desk => desk.Merge()],
            Observe = static desk => desk.Outcome,
            Outcomes =
            [
                Allowed("2, not told", "it was merged before the agent took"),
                Allowed("2, told", "it was taken, and told once more: there will be nothing"),
                Allowed("1, told", "it comes with the next message"),
                Forbidden("1, not told", "what was merged waits for ever: F26/F27"),
            ],
        },
        batch: 64);

    private sealed class GroupDesk
    {
        private readonly Core _core;
        private readonly WorkGroup _group;
        private readonly AgentId _agent;

        public GroupDesk()
        {
            Kernel kernel = IdleKernel.Make();
            _core = kernel.Cores[0];
            _agent = kernel.Spawn("hears", static () => new Hears());
            _group = kernel.OpenGroup();
        }

        public string Outcome
        {
            get
            {
                int told = 0;
                for (KernelOp? op = _core.Control.TakeAll(); op is not null; op = op.NextOp)
                {
                    told++;
                }

                return $"told {told} times";
            }
        }

        public void Renew()
        {
            _core.Control.TakeAll();
            _group.Enter();
        }

        public void Leave() => _group.Leave();

        public void Notify() => _group.Notify(_agent, new Word(1));
    }

    [Fact]
    public void GroupLeave_AgainstNotify_IsToldOnce() => Experiment.Expect(
        new LitmusTest<GroupDesk>
        {
            Name = "WorkGroup.Leave against Notify",
            Make = static () => new GroupDesk(),
            Reset = static desk => desk.Renew(),
            Actors = [static desk => desk.Leave(), static desk => desk.Notify()],
            Observe = static desk => desk.Outcome,
            Outcomes =
            [
                Allowed("told 1 times", "by whoever came second"),
                Forbidden("told 0 times", "it waits for a group that nobody is in: F24/F25"),
                Forbidden("told 2 times", "both told it"),
            ],
        },
        batch: 64);
}

using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Fences;

/// <summary>
/// F28 and F29: an agent leaves its core against an outside send to it. If the send went through the ingress of the
/// core that it leaves, that core must know of the slot: it keeps the agent until that is drained.
/// </summary>
public sealed class MoveTests
{
    private sealed class Sink : Agent, IHandle<int>
    {
        public void Handle(in int message, Context context)
        {
        }
    }

    private sealed unsafe class Desk
    {
        private readonly Kernel _kernel = IdleKernel.Make(cores: 2);
        private readonly AgentId _sink;
        private readonly Capability<int> _right;
        private Migration _move = null!;
        private Core _from = null!;
        private long _before;

        public Desk()
        {
            _sink = _kernel.Spawn("sink", static () => new Sink());
            _right = _kernel.Grant<int>(_sink);
        }

        public void Renew()
        {
            while (_kernel.Cores.Sum(static core => core.RunPass()) > 0)
            {
            }

            AgentCell agent = _kernel.Living(_sink);
            _from = agent.Core;
            _move = new Migration(agent, _kernel.Cores[1 - _from.Index], waits: false);
            _before = _from.Ingress.Claimed;
        }

        public void Send() => _right.Send(1);

        public void Leave() => _move.Run(_from);

        public string Observe()
        {
            bool isOld = false;
            _from.Ingress.Look(message => isOld |= !message->Has(MessageFlags.Void));
            return !isOld ? "the new way" : _move.Claimed > _before ? "waited for" : "not waited for";
        }
    }

    [Fact]
    public void Leave_AgainstAnOutsideSend_WaitsForWhatCameByTheOldWay() => Experiment.Expect(
        new LitmusTest<Desk>
        {
            Name = "Migration against Ingress.TryClaim",
            Make = static () => new Desk(),
            Reset = static desk => desk.Renew(),
            Actors = [static desk => desk.Leave(), static desk => desk.Send()],
            Observe = static desk => desk.Observe(),
            Outcomes =
            [
                Allowed("waited for", "claimed before the core looked"),
                Allowed("the new way", "claimed after it, or once more"),
                Forbidden("not waited for", "it comes when the agent has gone: F28/F29"),
            ],
        },
        batch: 32,
        delayMost: 1024);
}

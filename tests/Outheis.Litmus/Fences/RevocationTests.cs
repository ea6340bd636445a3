using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Fences;

/// <summary>
/// F9 and F10: a revocation against an outside send through the same capability. If the send was accepted, the
/// revocation must know of its slot: its fence waits in the target's core until that slot is drained.
/// </summary>
public sealed class RevocationTests
{
    private sealed class Sink : Agent, IHandle<int>
    {
        public void Handle(in int message, Context context)
        {
        }
    }

    private sealed class Desk
    {
        private readonly Kernel _kernel = IdleKernel.Make();
        private readonly AgentId _sink;
        private Capability<int> _right;
        private SendResult _sent;

        public Desk() => _sink = _kernel.Spawn("sink", static () => new Sink());

        private Core Core => _kernel.Cores[0];

        public void Renew()
        {
            while (Core.RunPass() > 0)
            {
            }

            _right = _kernel.Grant<int>(_sink);
        }

        public void Send() => _sent = _right.Send(1);

        public void Revoke() => _ = _kernel.RevokeAsync(_right);

        /// <summary>Control comes before arrivals: a fence that passes in the first pass did not wait for the slot, and
        /// leaves nothing to do for the second.</summary>
        public string Observe()
        {
            Core.RunPass();
            return $"{_sent}, {(Core.RunPass() == 0 ? "not waited for" : "waited for")}";
        }
    }

    [Fact]
    public void Revoke_AgainstAnOutsideSend_WaitsForWhatWasAccepted() => Experiment.Expect(
        new LitmusTest<Desk>
        {
            Name = "Revocation.Run against Ingress.TryClaim",
            Make = static () => new Desk(),
            Reset = static desk => desk.Renew(),
            Actors = [static desk => desk.Revoke(), static desk => desk.Send()],
            Observe = static desk => desk.Observe(),
            Outcomes =
            [
                Allowed("Sent, waited for", "claimed before the revocation looked"),
                Allowed("Revoked, waited for", "claimed before, refused by the second look at the rights"),
                Allowed("Revoked, not waited for", "refused"),
                Forbidden("Sent, not waited for", "the revocation is done and a message is still to come: F9/F10"),
            ],
        },
        batch: 32,
        delayMost: 1024);
}

namespace Outheis.Coyote;

/// <summary>
/// A holder derives while the root is revoked and the holder between them ends: INV-12 over
/// <see cref="CapabilityTree"/>. Nothing derived from a revoked capability lives on, whoever came first.
/// </summary>
internal sealed class DeriveAgainstRevoke : Scenario
{
    private readonly CapabilityTree _tree = new();
    private readonly AgentCell[] _agents = [.. Enumerable.Range(1, 4).Select(static id =>
        new AgentCell(null!, null, new AgentId((uint)id), null, null, null, default, 1))];
    private readonly CapabilityNode _root;
    private CapabilityNode? _child;
    private CapabilityNode? _grandchild;

    public DeriveAgainstRevoke() => _root =
        _tree.Mint(_agents[0], _agents[3], HandleRoute<long>.Instance, Rights.Send | Rights.Grant, 0, null);

    public override void Run() => Together(
        () =>
        {
            _tree.Derive(_root, _agents[0], _agents[1], Rights.Send | Rights.Grant, 0, out _child);
            _tree.Derive(_child, _agents[1], _agents[2], Rights.Send, 0, out _grandchild);
        },
        () => _tree.Revoke(_root, itself: true),
        () => _tree.ReleaseHeld(_agents[1]));

    public override void Check()
    {
        Claim(_root.IsRevoked && _child is null or { IsRevoked: true }, "INV-12: the child lives on");
        Claim(_grandchild is null or { IsRevoked: true }, "INV-12: the grandchild lives on");
        Claim(_tree.Snapshot().Length == 0, "the tree holds what is dead");
        Claim(Array.TrueForAll(_agents, static agent => agent.Held is null), "an agent holds what is dead");
    }
}

namespace Outheis.Coyote;

/// <summary>
/// A holder derives while the root is revoked and the holder between them ends: INV-12 over
/// <see cref="CapabilityTree"/>. Nothing derived from a revoked capability lives on, whoever came first; and what that
/// holder had from another root is gone from there too.
/// </summary>
internal sealed class DeriveAgainstRevoke : Scenario
{
    private readonly CapabilityTree _tree = new(2);
    private readonly AgentCell[] _agents = [.. Enumerable.Range(1, 4).Select(static id =>
        new AgentCell(null!, null, new AgentId((uint)id), null, null, null, default, 1))];
    private readonly CapabilityNode _root;
    private readonly CapabilityNode _otherRoot;
    private CapabilityNode? _child;
    private CapabilityNode? _grandchild;
    private CapabilityNode? _childOfOther;

    public DeriveAgainstRevoke()
    {
        _root = Mint();
        _otherRoot = Mint();
    }

    public override void Run() => Together(
        () =>
        {
            _tree.Derive(0, _root, _agents[0], _agents[1], Rights.Send | Rights.Grant, 0, out _child);
            _tree.Derive(0, _otherRoot, _agents[0], _agents[1], Rights.Send, 0, out _childOfOther);
            _tree.Derive(1, _child, _agents[1], _agents[2], Rights.Send, 0, out _grandchild);
        },
        () => _tree.Revoke(_root, itself: true),
        () => _tree.ReleaseHeld(_agents[1]));

    public override void Check()
    {
        Claim(_root.IsRevoked && _child is null or { IsRevoked: true }, "INV-12: the child lives on");
        Claim(_grandchild is null or { IsRevoked: true }, "INV-12: the grandchild lives on");
        CapabilityNode? last = _childOfOther is { IsRevoked: false } ? _childOfOther : null;
        Claim(ReferenceEquals(_otherRoot.FirstChild, last), "the other root has a child that is dead, or has lost one");
        Claim(ReferenceEquals(_agents[1].Held, last), "an agent holds what is dead, or has lost what it holds");
        Claim(last is null or { NextHeld: null, NextSibling: null }, "there is something behind the last one");
        Claim(_agents[2].Held is null && ReferenceEquals(_agents[0].Held, _otherRoot), "an agent holds what is dead");
        Claim(_tree.Snapshot().Length == (last is null ? 1 : 2), "the tree holds what is dead");
    }

    private CapabilityNode Mint() => _tree.Mint(
        null, _agents[0], _agents[3], HandleRoute<long>.Instance, Rights.Send | Rights.Grant, 0, null);
}

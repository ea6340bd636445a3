using FsCheck.Xunit;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>The tree against a list of nodes that remember their parents for ever.</summary>
[Collection(OnThreads.Name)]
public sealed class CapabilityTreeTests
{
    private sealed record Modelled(
        CapabilityNode Real, Modelled? Parent, int Holder, Rights Rights, ulong Badge)
    {
        public bool IsAlive { get; set; } = true;

        public bool DescendsFrom(Modelled other) =>
            Parent is not null && (ReferenceEquals(Parent, other) || Parent.DescendsFrom(other));
    }

    private readonly CapabilityTree _tree = new(2);
    private readonly AgentCell[] _holders =
        [.. Enumerable.Range(0, CapabilityCommand.Agents).Select(_ => Cells.Agent())];
    private readonly AgentCell _target = Cells.Agent();
    private readonly List<Modelled> _model = [];

    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 300, EndSize = 150)]
    public static void CapabilityTree_AnySteps_EqualsTheModel(CapabilityCommand[] steps)
    {
        var test = new CapabilityTreeTests();
        foreach (CapabilityCommand step in steps)
        {
            test.Do(step);
            test.Check();
        }
    }

    private void Do(CapabilityCommand step)
    {
        Modelled? node = _model.Count == 0 ? null : _model[step.Capability % _model.Count];
        switch (step.Verb)
        {
            case CapabilityVerb.Grant:
                CapabilityNode minted = Mint(_holders[step.Agent], step.Rights, step.Badge);
                _model.Add(new Modelled(minted, null, step.Agent, step.Rights, step.Badge)
                {
                    IsAlive = !_holders[step.Agent].IsDead,      // nobody would take it from a dead one
                });
                break;
            case CapabilityVerb.Derive when node is not null:
                Derive(step, node);
                break;
            case CapabilityVerb.Revoke when node is not null:
            case CapabilityVerb.RevokeDerived when node is { IsAlive: true }:      // a dead one allows nothing
                Revoke(node, itself: step.Verb == CapabilityVerb.Revoke);
                break;
            case CapabilityVerb.Restart:
                Release(step.Agent);
                break;
            case CapabilityVerb.End when step.Agent > 2:      // some always live
                Release(step.Agent);
                _holders[step.Agent].TrySetDead();
                break;
        }
    }

    private void Derive(CapabilityCommand step, Modelled parent)
    {
        int by = step.ActorOf(parent.Holder);
        DeriveResult expected =
            by != parent.Holder ? DeriveResult.Denied
            : !parent.IsAlive ? DeriveResult.Revoked
            : (parent.Rights & Rights.Grant) == 0 ? DeriveResult.Denied
            : _holders[step.Agent].IsDead ? DeriveResult.Dead
            : parent.Badge != 0 && step.Badge != 0 && step.Badge != parent.Badge
                ? DeriveResult.AlreadyBadged
            : DeriveResult.Derived;
        DeriveResult result = _tree.Derive(
            null, parent.Real, _holders[by], _holders[step.Agent], step.Rights, step.Badge,
            out CapabilityNode? child);
        Assert.Equal(expected, result);
        Assert.Equal(expected == DeriveResult.Derived, child is not null);
        if (child is not null)
        {
            ulong badge = parent.Badge != 0 ? parent.Badge : step.Badge;
            _model.Add(new Modelled(child, parent, step.Agent, step.Rights & parent.Rights, badge));
        }
    }

    private void Revoke(Modelled node, bool itself)
    {
        Modelled[] dying = [.. _model.Where(other =>
            other.IsAlive && (other.DescendsFrom(node) || (itself && ReferenceEquals(other, node))))];
        List<uint> killed = _tree.Revoke(node.Real, itself);
        Assert.Equal(dying.Select(other => other.Real.Id).Order(), killed.Order());
        foreach (Modelled other in dying)
        {
            other.IsAlive = false;
        }
    }

    private void Release(int holder)
    {
        _tree.ReleaseHeld(_holders[holder]);
        foreach (Modelled node in _model.Where(node => node.Holder == holder))
        {
            node.IsAlive = false;
        }
    }

    private void Check()
    {
        Modelled[] alive = [.. _model.Where(node => node.IsAlive)];
        Assert.Equal(alive.Select(node => node.Real.Id), _tree.Snapshot().Select(node => node.Id).Order());
        foreach (Modelled node in _model)
        {
            AgentCell holder = _holders[node.Holder];
            bool maySend = node.IsAlive && (node.Rights & Rights.Send) != 0;
            Assert.Equal(maySend, node.Real.Allows(holder, Rights.Send));
            Assert.False(node.Real.Allows(_target, Rights.Send));
            Assert.Equal(node.Badge, node.Real.Badge);
            Assert.NotEqual(node.IsAlive, node.Real.IsRevoked);
            bool isNeeded = node.IsAlive || alive.Any(other => other.DescendsFrom(node));
            Assert.True(isNeeded || IsForgotten(node.Real), "a leak");
            if (node.Parent is { } parent)
            {
                Assert.Equal(Rights.None, node.Real.Granted & ~parent.Real.Granted);
                Assert.True(parent.Badge == 0 || node.Badge == parent.Badge);
            }
        }

        for (int i = 0; i < _holders.Length; i++)
        {
            Assert.Equal(
                alive.Where(node => node.Holder == i).Select(node => node.Real.Id),
                Held(_holders[i]).Order());
        }
    }

    private static bool IsForgotten(CapabilityNode node) =>
        node.Parent is null && node.FirstChild is null && node.NextSibling is null
        && node.PreviousSibling is null && node.NextHeld is null && node.PreviousHeld is null;

    private static IEnumerable<uint> Held(AgentCell holder)
    {
        for (CapabilityNode? node = holder.Held; node is not null; node = node.NextHeld)
        {
            yield return node.Id;
        }
    }

    [Fact]
    public void Revoke_LongChain_ReachesItsEnd()
    {
        CapabilityNode root = _tree.Mint(
            null, _holders[0], _target, HandleRoute<int>.Instance, Rights.Send | Rights.Grant, 0, null);
        CapabilityNode last = root;
        for (int i = 0; i < 20_000; i++)
        {
            Assert.Equal(DeriveResult.Derived, _tree.Derive(
                null, last, _holders[0], _holders[0], Rights.Send | Rights.Grant, 0, out CapabilityNode? next));
            last = next!;
        }

        Assert.Equal(20_001, _tree.Revoke(root, itself: true).Count);
        Assert.True(last.IsRevoked);
        Assert.Empty(_tree.Snapshot());
    }

    [Fact]
    public void Revoke_MiddleHolderEndedBefore_StillReachesTheGrandchild()
    {
        CapabilityNode root = Mint(_holders[0], Rights.Send | Rights.Grant);
        CapabilityNode middle = Child(root, _holders[1]);
        _tree.Derive(null, middle, _holders[1], _holders[2], Rights.Send, 0, out CapabilityNode? leaf);
        _tree.ReleaseHeld(_holders[1]);
        Assert.True(middle.IsRevoked);
        Assert.False(leaf!.IsRevoked);
        _tree.Revoke(root, itself: true);
        Assert.True(leaf.IsRevoked);
    }

    [Fact]
    public void Derive_ThatIsRefused_ChangesNothing()
    {
        (AgentCell owner, AgentCell other, AgentCell dead) = (_holders[0], _holders[1], _holders[2]);
        dead.TrySetDead();
        CapabilityNode plain = Mint(owner, Rights.Send);
        CapabilityNode badged = Mint(owner, Rights.Send | Rights.Grant, badge: 7);
        CapabilityNode gone = Mint(owner, Rights.Send | Rights.Grant);
        _tree.Revoke(gone, itself: true);
        Refuse(DeriveResult.Denied, null, owner, other);
        Refuse(DeriveResult.Denied, badged, other, other);
        Refuse(DeriveResult.Denied, plain, owner, other);
        Refuse(DeriveResult.Revoked, gone, owner, other);
        Refuse(DeriveResult.Dead, badged, owner, dead);
        Refuse(DeriveResult.Dead, badged, owner, null);
        Refuse(DeriveResult.AlreadyBadged, badged, owner, other, badge: 8);
        Assert.Equal([plain.Id, badged.Id], _tree.Snapshot().Select(node => node.Id).Order());
        Assert.Null(other.Held);
        Assert.Null(badged.FirstChild);

        void Refuse(DeriveResult why, CapabilityNode? from, AgentCell by, AgentCell? to, ulong badge = 0)
        {
            Assert.Equal(why, _tree.Derive(null, from, by, to, Rights.Send, badge, out CapabilityNode? child));
            Assert.Null(child);
        }
    }

    [Fact]
    public void Derive_FromOneWithoutRights_IsDeniedForItWasNeverRevoked()
    {
        CapabilityNode none = Mint(_holders[0], Rights.None);
        Assert.Equal(DeriveResult.Denied, Derive());
        Assert.Equal(SendResult.Denied, CapabilityNode.Refusal(none, _holders[0]));
        _tree.Revoke(none, itself: true);
        Assert.Equal(DeriveResult.Revoked, Derive());
        Assert.Equal(SendResult.Revoked, CapabilityNode.Refusal(none, _holders[0]));
        Assert.Equal(SendResult.Denied, CapabilityNode.Refusal(none, _holders[1]));

        DeriveResult Derive() => _tree.Derive(null, none, _holders[0], _holders[1], Rights.Send, 0, out _);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2)]
    public void Revoke_OneOfThreeSiblings_LeavesTheOthersWithinReach(int index)
    {
        CapabilityNode root = Mint(_holders[0], Rights.Send | Rights.Grant);
        CapabilityNode[] children = [.. Enumerable.Range(0, 3).Select(i => Child(root, _holders[1 + i]))];
        Assert.Equal([children[index].Id], _tree.Revoke(children[index], itself: true));
        Assert.Empty(_tree.Revoke(children[index], itself: true));
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(i == index, children[i].IsRevoked));
        Assert.Equal(2, _tree.Revoke(root, itself: false).Count);
        Assert.All(children, child => Assert.True(child.IsRevoked));
        Assert.False(root.IsRevoked);
    }

    [Fact]
    public void ReleaseHeld_LastOfAChainOfTheDead_IsForgottenWithAllOfThem()
    {
        CapabilityNode root = Mint(_holders[0], Rights.Send | Rights.Grant);
        CapabilityNode[] chain = new CapabilityNode[5];
        for (int i = 0; i < chain.Length; i++)
        {
            chain[i] = Child(i == 0 ? root : chain[i - 1], _holders[i + 1]);
        }

        foreach (AgentCell holder in _holders[1..])
        {
            Assert.Same(chain[0], root.FirstChild);
            _tree.ReleaseHeld(holder);
        }

        Assert.Null(root.FirstChild);
        Assert.All(chain, node => Assert.True(IsForgotten(node)));
    }

    /// <summary>The holder of what is derived ends while others derive for it and take it back, each on a thread of its
    /// own: nothing is left, neither to it nor in the tree.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Threads_DeriveAndRevokeAgainstItsEnd_NothingIsLeft(bool isSupervised)
    {
        const int Rounds = 2_000;
        for (int round = 0; round < Rounds; round++)
        {
            AgentCell holder = new(
                null!, null, new AgentId(1_000_000), null, null, isSupervised ? _target : null, Qos.Default, 1);
            const Rights All = Rights.Send | Rights.Grant;
            CapabilityNode[] roots = [Mint(_holders[0], All), Mint(_holders[1], All)];
            CapabilityNode?[] made = new CapabilityNode?[8];
            List<CapabilityNode> minted = [];
            using var start = new Barrier(3);
            ThreadKernel.Together(() => Derive(0), () => Derive(1), () =>
            {
                start.SignalAndWait();
                Thread.SpinWait(round % 200);
                holder.State = AgentState.Ended;      // as Lifecycle does
                _tree.ReleaseHeld(holder);
                holder.TrySetDead();
                if (isSupervised)
                {
                    _tree.ReleaseHeld(holder);
                }
            });
            Assert.All(minted, static node => Assert.True(node.IsRevoked && IsForgotten(node)));
            Assert.Null(holder.Held);
            Assert.All(made, static child => Assert.True(child is null or { IsRevoked: true }));
            Assert.All(made, static child => Assert.True(child is null || IsForgotten(child)));
            Assert.Null(roots[0].FirstChild);
            Assert.Null(roots[1].FirstChild);
            Assert.Equal(roots.Select(static root => root.Id), _tree.Snapshot().Select(static node => node.Id));
            Array.ForEach(roots, root => _tree.Revoke(root, itself: true));

            void Derive(int by)
            {
                start.SignalAndWait();
                for (int i = by; i < made.Length; i += 2)
                {
                    _tree.Derive(by, roots[by], _holders[by], holder, Rights.Send, 0, out made[i]);
                    if (i % 4 < 2 && made[i] is { } child)
                    {
                        _tree.Revoke(child, itself: true);
                    }

                    CapabilityNode own = _tree.Mint(
                        by, holder, _target, HandleRoute<int>.Instance, Rights.Send, 0, null);
                    lock (minted)
                    {
                        minted.Add(own);
                    }
                }
            }
        }
    }

    [Fact]
    public void Threads_DeriveAgainstRevoke_NoChildSurvives()
    {
        const int Rounds = 3_000;
        CapabilityNode[] roots =
            [.. Enumerable.Range(0, Rounds).Select(_ => Mint(_holders[0], Rights.Send | Rights.Grant))];
        var children = new System.Collections.Concurrent.ConcurrentBag<CapabilityNode>();
        using var start = new Barrier(3);
        ThreadKernel.Together(Derive, Derive, () =>
        {
            Assert.True(start.SignalAndWait(ThreadKernel.Patience));
            foreach (CapabilityNode root in roots)
            {
                Thread.SpinWait(50);
                _tree.Revoke(root, itself: true);
            }
        });
        Assert.All(children, child => Assert.True(child.IsRevoked));
        Assert.Equal(children.Count, children.Select(child => child.Id).Distinct().Count());
        Assert.Empty(_tree.Snapshot());

        void Derive()
        {
            Assert.True(start.SignalAndWait(ThreadKernel.Patience));
            foreach (CapabilityNode root in roots)
            {
                for (CapabilityNode? child = root; child is not null; Thread.SpinWait(10))
                {
                    _tree.Derive(null, root, _holders[0], _holders[1], Rights.Send, 0, out child);
                    if (child is not null)
                    {
                        children.Add(child);
                    }
                }
            }
        }
    }

    private CapabilityNode Mint(AgentCell holder, Rights rights, ulong badge = 0) =>
        _tree.Mint(null, holder, _target, HandleRoute<int>.Instance, rights, badge, null);

    private CapabilityNode Child(CapabilityNode parent, AgentCell holder)
    {
        Assert.Equal(DeriveResult.Derived, _tree.Derive(
            null, parent, parent.Holder, holder, Rights.Send | Rights.Grant, 0, out CapabilityNode? child));
        return child!;
    }
}

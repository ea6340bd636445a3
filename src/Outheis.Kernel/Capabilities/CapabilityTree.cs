namespace Outheis;

/// <summary>
/// Every live capability of a kernel and what it was derived from. Cores that mint and release do not meet: ids are
/// their own, and what an agent holds is under a lock of that agent. What was derived from what is under one lock of
/// the kernel; derivations and revocations are rare. Sending takes no lock. The tree's lock comes before an agent's.
/// </summary>
internal sealed class CapabilityTree(int cores)
{
    private readonly Lock _lock = new();      // Parent, FirstChild and the siblings of every node
    private readonly IdTable<CapabilityNode> _live = new(cores);

    /// <summary>A new root: authority that the host gives. To a holder that has ended for good it is worth
    /// nothing.</summary>
    public CapabilityNode Mint(
        int? here, AgentCell holder, AgentCell target, Route route, Rights rights, ulong badge, string? purpose)
    {
        CapabilityNode node = Make(here, holder, target, route, rights, badge, purpose);
        lock (holder)
        {
            AgentState state = holder.State;
            if (state != AgentState.Dead && (state != AgentState.Ended || holder.Supervisor is not null))
            {
                Hold(node);      // if it has ended: until it is restarted, or dies
                return node;
            }
        }

        Discard(node);
        return node;
    }

    /// <summary>A child of <paramref name="parent"/> for another holder: same target, rights no more than the
    /// parent's.</summary>
    public DeriveResult Derive(
        int? here, CapabilityNode? parent, AgentCell by, AgentCell? holder, Rights rights, ulong badge,
        out CapabilityNode? child)
    {
        child = null;
        if (parent is null || !ReferenceEquals(parent.Holder, by))
        {
            return DeriveResult.Denied;
        }

        lock (_lock)      // a revocation of the parent is either complete here or will find the child
        {
            if (parent.IsRevoked)
            {
                return DeriveResult.Revoked;
            }

            if ((parent.Granted & Rights.Grant) == 0)
            {
                return DeriveResult.Denied;
            }

            if (holder is null || HasEnded(holder))
            {
                return DeriveResult.Dead;
            }

            if (parent.Badge != 0 && badge != 0 && badge != parent.Badge)
            {
                return DeriveResult.AlreadyBadged;
            }

            // --- point of no return ---
            ulong inherited = parent.Badge != 0 ? parent.Badge : badge;
            child = Make(
                here, holder, parent.Target, parent.Route, rights & parent.Granted, inherited, parent.Purpose);
            LinkToParent(child, parent);      // before its holder has it, and may release it
            if (TryHold(child))
            {
                return DeriveResult.Derived;
            }

            Discard(child);      // its holder has ended meanwhile
            UnlinkFromParent(child);
            child = null;
            return DeriveResult.Dead;
        }
    }

    /// <summary>
    /// Takes the rights from everything derived from the node, and from the node itself if asked (SE-24).
    /// Sends that passed their check before may still be committing; <see cref="Kernel.RevokeAsync{T}"/>
    /// waits for those.
    /// </summary>
    /// <returns>The ids of the capabilities that died.</returns>
    public List<uint> Revoke(CapabilityNode node, bool itself)
    {
        var killed = new List<uint>();
        lock (_lock)
        {
            // Without recursion: a chain of derivations may be long.
            var pending = new Stack<CapabilityNode>();
            pending.Push(node);
            while (pending.TryPop(out CapabilityNode? next))
            {
                for (CapabilityNode? child = next.FirstChild; child is not null; child = child.NextSibling)
                {
                    pending.Push(child);
                }

                if (!ReferenceEquals(next, node))
                {
                    (next.Parent, next.NextSibling, next.PreviousSibling) = (null, null, null);
                }

                if (itself || !ReferenceEquals(next, node))
                {
                    next.FirstChild = null;
                    Kill(next, killed);
                }
            }

            node.FirstChild = null;
            if (itself)
            {
                UnlinkFromParent(node);
            }
        }

        return killed;
    }

    /// <summary>
    /// An incarnation ended: what it held is deleted. What it derived for others stays theirs (SE-23) and
    /// within reach of its parent's revocation: a dead node with children keeps its place in the tree. Its core, or
    /// whoever made it and nobody else has it.
    /// </summary>
    public void ReleaseHeld(AgentCell holder)
    {
        CapabilityNode? derived = null;      // linked by NextHeld
        lock (holder)
        {
            while (holder.Held is { } node)
            {
                Unhold(node);
                if (Discard(node) && node.Parent is not null)
                {
                    node.NextHeld = derived;
                    derived = node;
                }
            }
        }

        if (derived is null)
        {
            return;
        }

        lock (_lock)
        {
            while (derived is { } node)
            {
                derived = node.NextHeld;
                node.NextHeld = null;
                UnlinkFromParent(node);
            }
        }
    }

    public CapabilityNode? Find(uint id) => _live.Find(id);

    /// <summary>Whether there has been a capability of that id.</summary>
    public bool HasHandedOut(uint id) => _live.HasHandedOut(id);

    public CapabilityNode[] Snapshot() => _live.Snapshot();

    private CapabilityNode Make(
        int? here, AgentCell holder, AgentCell target, Route route, Rights rights, ulong badge, string? purpose)
    {
        IdTable<CapabilityNode>.Place place = _live.Next(here);
        var node = new CapabilityNode(place.Id, holder, target, route, rights, badge, purpose);
        place.Put(node);
        return node;
    }

    // One look: between two it might go from one to the other.
    private static bool HasEnded(AgentCell agent) => agent.State is AgentState.Ended or AgentState.Dead;

    private static bool TryHold(CapabilityNode node)
    {
        AgentCell holder = node.Holder;
        lock (holder)      // either its end is seen here, or its end will find the node
        {
            if (HasEnded(holder))
            {
                return false;
            }

            Hold(node);
            return true;
        }
    }

    // The holder's lock.
    private static void Hold(CapabilityNode node)
    {
        AgentCell holder = node.Holder;
        if (holder.Held is { } first)
        {
            first.PreviousHeld = node;
            node.NextHeld = first;
        }

        holder.Held = node;
    }

    // The holder's lock. Nothing happens if it is not held any more.
    private static void Unhold(CapabilityNode node)
    {
        if (node.NextHeld is { } next)
        {
            next.PreviousHeld = node.PreviousHeld;
        }

        if (node.PreviousHeld is { } previous)
        {
            previous.NextHeld = node.NextHeld;
        }
        else if (ReferenceEquals(node.Holder.Held, node))
        {
            node.Holder.Held = node.NextHeld;
        }

        (node.NextHeld, node.PreviousHeld) = (null, null);
    }

    // True for one of those who try.
    private bool Discard(CapabilityNode node)
    {
        if (!node.TryKill())
        {
            return false;
        }

        _live.Remove(node.Id);
        return true;
    }

    private void Kill(CapabilityNode node, List<uint> killed)
    {
        if (!Discard(node))
        {
            return;
        }

        killed.Add(node.Id);
        lock (node.Holder)
        {
            Unhold(node);
        }
    }

    private static void LinkToParent(CapabilityNode node, CapabilityNode parent)
    {
        node.Parent = parent;
        node.NextSibling = parent.FirstChild;
        if (parent.FirstChild is { } sibling)
        {
            sibling.PreviousSibling = node;
        }

        parent.FirstChild = node;
    }

    /// <summary>Takes a dead, childless node out of the tree, and each dead ancestor that it was the last
    /// child of.</summary>
    private static void UnlinkFromParent(CapabilityNode node)
    {
        while (node.FirstChild is null && node.IsRevoked && node.Parent is { } parent)
        {
            if (node.PreviousSibling is { } previous)
            {
                previous.NextSibling = node.NextSibling;
            }
            else
            {
                parent.FirstChild = node.NextSibling;
            }

            if (node.NextSibling is { } next)
            {
                next.PreviousSibling = node.PreviousSibling;
            }

            (node.Parent, node.PreviousSibling, node.NextSibling) = (null, null, null);
            node = parent;
        }
    }
}

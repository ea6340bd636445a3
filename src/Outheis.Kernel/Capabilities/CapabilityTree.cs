namespace Outheis;

/// <summary>
/// Every live capability of a kernel and what it was derived from. Minting, deriving and revoking are rare
/// and take one lock; sending never does.
/// </summary>
internal sealed class CapabilityTree
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, CapabilityNode> _live = [];
    private uint _lastId;

    /// <summary>The newest capability's. Ids count up from 1.</summary>
    public uint LastId => Volatile.Read(ref _lastId);

    /// <summary>A new root: authority that the host gives.</summary>
    public CapabilityNode Mint(
        AgentCell holder, AgentCell target, Route route, Rights rights, ulong badge, string? purpose)
    {
        CapabilityNode node = Make(holder, target, route, rights, badge, purpose);
        lock (_lock)
        {
            Add(node);
        }

        return node;
    }

    /// <summary>A child of <paramref name="parent"/> for another holder: same target, rights no more than the
    /// parent's.</summary>
    public DeriveResult Derive(
        CapabilityNode? parent, AgentCell by, AgentCell? holder, Rights rights, ulong badge, out CapabilityNode? child)
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

            if (holder is null || holder.IsDead || holder.State == AgentState.Ended)
            {
                return DeriveResult.Dead;
            }

            if (parent.Badge != 0 && badge != 0 && badge != parent.Badge)
            {
                return DeriveResult.AlreadyBadged;
            }

            // --- point of no return ---
            ulong inherited = parent.Badge != 0 ? parent.Badge : badge;
            child = Make(holder, parent.Target, parent.Route, rights & parent.Granted, inherited, parent.Purpose);
            Add(child);
            child.Parent = parent;
            child.NextSibling = parent.FirstChild;
            if (parent.FirstChild is { } sibling)
            {
                sibling.PreviousSibling = child;
            }

            parent.FirstChild = child;
            return DeriveResult.Derived;
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
    /// within reach of its parent's revocation: a dead node with children keeps its place in the tree.
    /// </summary>
    public void ReleaseHeld(AgentCell holder)
    {
        lock (_lock)
        {
            while (holder.Held is { } node)
            {
                Kill(node, null);
                UnlinkFromParent(node);
            }
        }
    }

    public CapabilityNode? Find(uint id)
    {
        lock (_lock)
        {
            return _live.GetValueOrDefault(id);
        }
    }

    public CapabilityNode[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _live.Values];
        }
    }

    private CapabilityNode Make(
        AgentCell holder, AgentCell target, Route route, Rights rights, ulong badge, string? purpose) =>
        new(Interlocked.Increment(ref _lastId), holder, target, route, rights, badge, purpose);

    private void Add(CapabilityNode node)
    {
        AgentCell holder = node.Holder;
        if (holder.Held is { } first)
        {
            first.PreviousHeld = node;
            node.NextHeld = first;
        }

        holder.Held = node;
        _live.Add(node.Id, node);
    }

    private void Kill(CapabilityNode node, List<uint>? killed)
    {
        if (!_live.Remove(node.Id))
        {
            return;
        }

        node.Kill();
        killed?.Add(node.Id);
        if (node.NextHeld is { } next)
        {
            next.PreviousHeld = node.PreviousHeld;
        }

        if (node.PreviousHeld is { } previous)
        {
            previous.NextHeld = node.NextHeld;
        }
        else
        {
            node.Holder.Held = node.NextHeld;
        }

        (node.NextHeld, node.PreviousHeld) = (null, null);
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

using System.Globalization;

namespace Outheis.Testing;

/// <summary>
/// What must hold between any two steps of a kernel. Promises about a whole history (order, exactly once,
/// intensity) are the workloads' to check.
/// </summary>
public static class KernelInvariants
{
    internal static readonly Invariant[] All =
    [
        new("INV-01", "every credit is free, kept, or with one message under way (C1 to C3)", Credits),
        new("INV-02", "what waits in a lane of an inbox from one sender stands in the order of its sending", Order),
        new("INV-03", "no slot of a ring is readable before it is written, and none is written while readable", Rings),
        new("INV-06", "no agent is in a turn when its core is not, and its state fits what waits for it", States),
        new("INV-07", "asks under way are exactly the slots that wait for a reply", Asks),
        new("INV-08", "no core sleeps beside its work, but for passive messages of a core that is awake", Wakes),
        new("INV-10", "a message that waits came through a capability that was issued and allowed it", Authority),
        new("INV-11", "a derived capability has at most its parent's rights, and its target and badge", Derivations),
        new("INV-15", "the badge and the sender of a message are those of its capability", Badges),
        new("INV-20", "the dead hold nothing, wait for no reply, and nobody waits for room at them", Dead),
        new("INV-35", "every message in a channel has its place in the journal, if there is one", Journaled),
        new("INV-40", "an agent runs in the highest class of those who wait for it (GC-08, SE-41)",
            OverrideInvariant.Broken),
        new("GC-20", "who is suspended, and nobody else, is in that state", SuspendInvariant.Suspended),
        new("GC-01", "whose turn awaits owns the exclusion that it shares, and nobody else", SuspendInvariant.Excluded),
        new("cells", "every cell is free or holds one message that waits", Cells),
    ];

    /// <summary>Throws if an invariant does not hold now.</summary>
    /// <param name="kernel">A kernel whose cores stand still: a simulated one, between two steps. Of another kind of
    /// kernel nobody can tell which cores sleep, so INV-08 cannot break there.</param>
    /// <exception cref="InvalidOperationException">The first that does not hold, by name, and what was
    /// seen.</exception>
    public static void AssertInvariants(this Kernel kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        var view = new KernelView(kernel);
        view.Gather(kernel.Platform.Threads as SimulatedCores);
        if (FirstBroken(view) is { } broken)
        {
            throw new InvalidOperationException($"{broken.Name}: {broken.What}");
        }
    }

    internal static (string Name, string What)? FirstBroken(KernelView view)
    {
        foreach (Invariant invariant in All)
        {
            if (invariant.Broken(view) is { } what)
            {
                return (invariant.Name, $"{invariant.Promise}; but {what}");
            }
        }

        return null;
    }

    private static string? Credits(KernelView view)
    {
        foreach (AgentCell agent in view.Agents)
        {
            int free = agent.Credits.Free, home = agent.Credits.Home, underWay = view.UnderWay(agent);
            if (free < 0 || home < 0 || free + home + underWay != agent.Credits.Capacity)
            {
                return Line($"{agent}: {free} free, {home} kept, {underWay} under way of {agent.Credits.Capacity}");
            }
        }

        return null;
    }

    private static string? Order(KernelView view)
    {
        var newest = new Dictionary<(uint, uint, bool, int), long>();      // of each lane: a sender may have moved
        foreach (Message message in view.Waiting.Take(view.InInboxes))
        {
            if (message.Position == 0 || message.Has(MessageFlags.Redelivered))
            {
                continue;      // never journaled, or by an earlier run, whose positions compare with none of this one
            }

            (uint, uint, bool, int) way = (
                message.Sender, message.Target, message.Has(MessageFlags.Priority),
                RecordHeader.LaneOf(message.Position));
            if (newest.TryGetValue(way, out long before) && before >= message.Position && message.Sender != 0)
            {
                return Line($"from {message.Sender} to {message.Target}: {message.Position} stands behind {before}");
            }

            newest[way] = message.Position;
        }

        return null;
    }

    private static string? Rings(KernelView view) => view.BrokenRing;

    private static string? States(KernelView view)
    {
        foreach (AgentCell agent in view.Agents)
        {
            bool isWrong = agent.State switch
            {
                AgentState.Running or AgentState.Dead => true,
                AgentState.Idle => !agent.Inbox.IsEmpty || agent.Async is { HasResumes: true },
                AgentState.Moving => !view.Moving.Contains(agent) || agent.Async is { IsBusy: true },
                AgentState.Waiting => agent.Async is not { HasResumes: false, IsInTurn: true },
                _ => false,
            };
            if (isWrong || agent.Turns is { HasBarrier: true, InFlight.Count: > 1 })
            {
                return Line($"{agent} between turns, {agent.Inbox.Count} messages in its inbox");
            }
        }

        return null;
    }

    private static string? Asks(KernelView view)
    {
        foreach (Core core in view.Kernel.Cores)
        {
            int waiting = core.Replies.FindAllPending().Count();
            if (waiting != core.Replies.Pending)
            {
                return Line($"core {core.Index}: {core.Replies.Pending} counted, {waiting} waiting");
            }
        }

        return null;
    }

    private static string? Wakes(KernelView view)
    {
        foreach (Core core in view.Sleepers)
        {
            if (core.HasWorkOfItsOwn() || view.Kernel.Cores.Any(from => HasToWake(from, core, view)))
            {
                return Line($"core {core.Index} sleeps, and nobody has woken it");
            }
        }

        return null;
    }

    // What it was sent passively may wait until its sender looks again, which is before that one sleeps (LW-25).
    private static bool HasToWake(Core from, Core sleeper, KernelView view)
    {
        bool hasSent = sleeper.In[from.Index] is { } ring && HasMessage(ring);
        return from.HasLeftAsleep(sleeper.Index) ? view.Sleepers.Contains(from) : hasSent;
    }

    private static unsafe bool HasMessage(CoreRing ring) => ring.Peek() != null;

    private static string? Authority(KernelView view)
    {
        foreach (Message message in view.Waiting)
        {
            if (message.Has(MessageFlags.Uncredited))
            {
                continue;
            }

            if (!view.Kernel.Capabilities.HasHandedOut(message.Capability))
            {
                return Line($"one from {message.Sender} to {message.Target} came through none");
            }

            bool isAsk = message.Has(MessageFlags.Extended) && message.Correlation != 0;
            if (view.Kernel.Capabilities.Find(message.Capability) is { } node
                && (node.Granted & (isAsk ? Rights.Ask : Rights.Send)) == 0)
            {
                return Line($"one from {message.Sender} to {message.Target} came through {node.Granted}");
            }
        }

        return null;
    }

    private static string? Derivations(KernelView view)
    {
        foreach (CapabilityNode node in view.Capabilities)
        {
            if (node.Parent is { } parent
                && ((node.Granted & ~parent.Granted) != 0 || !ReferenceEquals(node.Target, parent.Target)
                    || !ReferenceEquals(node.Route, parent.Route) || (parent.Badge != 0 && node.Badge != parent.Badge)))
            {
                return Line($"{node.Id} is {node.Granted}/{node.Badge}, its parent {parent.Granted}/{parent.Badge}");
            }
        }

        return null;
    }

    private static string? Badges(KernelView view)
    {
        foreach (Message message in view.Waiting)
        {
            if (message.Capability != 0 && view.Kernel.Capabilities.Find(message.Capability) is { } node
                && (node.Badge != message.Badge || node.Holder.Id.Value != message.Sender
                    || node.Target.Id.Value != message.Target || node.Route.Index != message.Route))
            {
                return Line($"{message.Sender} with {message.Badge} came through {node.Holder}'s {node.Badge}");
            }
        }

        return null;
    }

    private static string? Dead(KernelView view)
    {
        foreach (CapabilityNode node in view.Capabilities)
        {
            if (node.IsRevoked || node.Holder is { IsHost: false, State: AgentState.Dead })
            {
                return Line($"capability {node.Id} of {node.Holder} is listed");
            }

            if (node.Target.IsDead && node.Target.Waiters.Any)
            {
                return Line($"a send waits for room at {node.Target}");
            }
        }

        foreach (ReplySlot slot in view.Kernel.Cores.SelectMany(static core => core.Replies.FindAllPending()))
        {
            AgentContext asker = slot.Asker!;
            if (!ReferenceEquals(asker.Cell.Async, asker.Whole))
            {
                return Line($"incarnation {asker.Incarnation} of {asker.Cell} waits for a reply");
            }
        }

        return null;
    }

    private static string? Journaled(KernelView view)
    {
        if (view.Kernel.Options.JournalDirectory is null || view.Kernel.Cores.Any(static c => c.Tap?.Lost > 0))
        {
            return null;
        }

        foreach (Message message in view.Waiting.Take(view.InInboxes))
        {
            // what a timer says, offloaded work came to or a tool tells has one when it is taken
            if (message.Position == 0
                && !message.Has(MessageFlags.Timer | MessageFlags.Offload | MessageFlags.Told))
            {
                return Line($"one from {message.Sender} to {message.Target} has none");
            }
        }

        return null;
    }

    private static string? Cells(KernelView view)
    {
        foreach (Core core in view.Kernel.Cores)
        {
            int held = view.CellsWaiting[core.Index] + core.Timers.CellsHeld + core.Offloads.CellsHeld;
            if (core.Cells.InUse != held)
            {
                return Line($"core {core.Index}: {core.Cells.InUse} in use, {held} waiting or held by timers");
            }
        }

        return null;
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

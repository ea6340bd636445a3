using System.Globalization;

namespace Outheis.Testing;

/// <summary>INV-40, looked at from all sides: who is raised has somebody to thank for it, and whoever waits has raised
/// whom it waits for.</summary>
internal static class OverrideInvariant
{
    public static string? Broken(KernelView view)
    {
        var underWay = new HashSet<ulong>();
        for (int i = 0; i < view.Waiting.Count; i++)
        {
            Message message = view.Waiting[i];
            if (message.IsAsk && i >= view.InInboxes)
            {
                underWay.Add(message.Correlation);
            }
        }

        return view.Agents.Select(agent => OfAgent(view.Kernel, agent, underWay)).FirstOrDefault(Is)
            ?? view.Waiting.Take(view.InInboxes).Select(message => OfAsk(view.Kernel, in message)).FirstOrDefault(Is)
            ?? view.Kernel.Cores.SelectMany(
                core => core.Replies.FindAllPending().Select(slot => OfSlot(core, slot, underWay))).FirstOrDefault(Is);
    }

    private static bool Is(string? broken) => broken is not null;

    private static string? OfAgent(Kernel kernel, AgentCell agent, HashSet<ulong> underWay)
    {
        Qos? highest = null;
        foreach ((ulong correlation, Qos qos) in agent.Overrides?.Asks ?? new Dictionary<ulong, Qos>())
        {
            highest = highest > qos ? highest : qos;
            if (qos <= agent.Qos)
            {
                return Line($"{agent} counts an ask of {qos}, which raises nobody");
            }

            if (SuspendInvariant.IsRaising(agent, correlation, qos))
            {
                continue;
            }

            // Where its withdrawal may be.
            if (!Waits(kernel, correlation) && !underWay.Contains(correlation) && !HasOps(agent))
            {
                return Line($"{agent} is raised to {qos} by ask {correlation}, which is over");
            }
        }

        return agent.EffectiveQos != QosRules.Effective(agent.Qos, highest)
            ? Line($"{agent} runs in {agent.EffectiveQos}, its own is {agent.Qos}, who waits are in {highest}")
            : agent is { State: AgentState.Ready, ReadySlot: not ReadyQueue.NotWaiting }
                && agent.ReadyBand < agent.EffectiveQos
            ? Line($"{agent} waits in band {agent.ReadyBand} and is to run in {agent.EffectiveQos}") : null;
    }

    private static string? OfAsk(Kernel kernel, in Message message) =>
        message.IsAsk && !message.Has(MessageFlags.Redelivered) && Waits(kernel, message.Correlation)
        && kernel.Agents.Find(message.Target) is { } callee && message.Qos > callee.EffectiveQos
            ? Line($"an ask of {message.Qos} waits at {callee}, which runs in {callee.EffectiveQos}") : null;

    // What is under way to another core has its effect there when it comes.
    private static string? OfSlot(Core core, ReplySlot slot, HashSet<ulong> underWay)
    {
        AgentCell asker = slot.Asker!.Cell, callee = slot.Callee!;
        return slot.Qos < asker.EffectiveQos
            ? Line($"{asker} runs in {asker.EffectiveQos} and asks in {slot.Qos}")
            : callee.EffectiveQos < slot.Qos && !callee.IsDead && !underWay.Contains(slot.Correlate(core.Index))
                && !HasOps(callee)
            ? Line($"{asker} waits in {slot.Qos} for {callee}, which runs in {callee.EffectiveQos}") : null;
    }

    // It moves; or something that is to happen to it is an op by now.
    private static bool HasOps(AgentCell agent) =>
        agent.State == AgentState.Moving
        || agent.Core.PendingOps.OfType<AgentOp>().Any(op => ReferenceEquals(op.Agent, agent));

    private static bool Waits(Kernel kernel, ulong correlation)
    {
        int table = Correlation.Table(correlation);
        return table == Correlation.HostTable
            ? kernel.HostAsks.IsCurrent(correlation) : kernel.Cores[table].Replies.IsCurrent(correlation);
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

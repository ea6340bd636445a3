namespace Outheis;

/// <summary>
/// Makes capabilities of the host's authority: checks that the target understands the message, picks the
/// route to its handler, journals the grant. Any thread.
/// </summary>
internal static class Mint
{
    public static CapabilityNode Handle<T>(
        Kernel kernel, AgentCell holder, AgentId target, Rights rights, ulong badge, string? purpose)
    {
        AgentCell to = kernel.Living(target);
        Agent instance = InstanceOf(to);
        (bool handles, bool handlesAsync) = (instance is IHandle<T>, instance is IHandleAsync<T>);
        Route route = (handles, handlesAsync) switch
        {
            (true, false) => HandleRoute<T>.Instance,
            (false, true) => HandleAsyncRoute<T>.Instance,
            _ => throw Misfit(to, instance, "IHandle", typeof(T).Name, handles),
        };
        return Make<T>(kernel, holder, to, route, rights & ~Rights.Ask, badge, purpose);
    }

    public static CapabilityNode Answer<TRequest, TReply>(
        Kernel kernel, AgentCell holder, AgentId target, Rights rights, ulong badge, string? purpose)
    {
        AgentCell to = kernel.Living(target);
        Agent instance = InstanceOf(to);
        (bool answers, bool answersAsync) =
            (instance is IAnswer<TRequest, TReply>, instance is IAnswerAsync<TRequest, TReply>);
        Route route = (answers, answersAsync) switch
        {
            (true, false) => AnswerRoute<TRequest, TReply>.Instance,
            (false, true) => AnswerAsyncRoute<TRequest, TReply>.Instance,
            _ => throw Misfit(to, instance, "IAnswer", $"{typeof(TRequest).Name}, {typeof(TReply).Name}", answers),
        };
        RequireSealed(typeof(TReply));
        return Make<TRequest>(kernel, holder, to, route, rights & ~Rights.Send, badge, purpose);
    }

    public static CapabilityNode Stream<TRequest, TItem>(
        Kernel kernel, AgentCell holder, AgentId target, Rights rights, ulong badge, string? purpose)
    {
        AgentCell to = kernel.Living(target);
        Agent instance = InstanceOf(to);
        string who = $"Agent {to.Name} ({instance.GetType().Name})";
        if (instance is not IProduce<TRequest, TItem>)
        {
            throw new ArgumentException(
                $"{who} does not implement IProduce<{typeof(TRequest).Name}, {typeof(TItem).Name}>.");
        }

        if (instance.MakeDurable() is not null)
        {
            throw new ArgumentException(
                $"{who} is durable. How far a consumer lets a stream run is not in the journal, so its past could not "
                + "be handled once more. Have another agent produce the stream, which asks this one.");
        }

        if (Carriage<TItem>.IsTooLarge)
        {
            throw new ArgumentException($"{typeof(TItem).Name} is longer than {Limits.MessageBytesMax} bytes.");
        }

        RequireSealed(typeof(TItem));
        return Make<TRequest>(
            kernel, holder, to, StreamRoute<TRequest, TItem>.Instance, rights & ~Rights.Send, badge, purpose);
    }

    private static CapabilityNode Make<T>(
        Kernel kernel, AgentCell holder, AgentCell target, Route route, Rights rights, ulong badge, string? purpose)
    {
        RequireSealed(typeof(T));
        CapabilityNode node = kernel.Capabilities.Mint(
            kernel.CoreHere, holder, target, route, rights, badge, purpose);
        if (target.Core.Tap is not null && !holder.IsGhost)
        {
            target.Core.Post(new RecordGrant(node));
        }

        return node;
    }

    private static Agent InstanceOf(AgentCell agent) =>
        agent.Instance ?? throw new ArgumentException($"Agent {agent.Name} has ended.");

    private static void RequireSealed(Type message)
    {
        if (!message.IsValueType && !message.IsSealed)
        {
            throw new ArgumentException(
                $"{message.Name} is not sealed. A message class is shared by reference: make it a sealed, "
                + "immutable record.");
        }
    }

    private static ArgumentException Misfit(AgentCell agent, Agent instance, string handler, string types, bool both)
    {
        string who = $"Agent {agent.Name} ({instance.GetType().Name})";
        string what = $"{handler}<{types}> {(both ? "and" : "nor")} {handler}Async<{types}>";
        return new ArgumentException(
            both ? $"{who} implements both {what}; keep one." : $"{who} implements neither {what}.");
    }

    private sealed class RecordGrant(CapabilityNode node) : KernelOp
    {
        public override void Run(Core core) => core.Tap?.RecordCapability(JournalKind.Granted, node);
    }
}

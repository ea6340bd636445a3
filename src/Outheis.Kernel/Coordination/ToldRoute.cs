namespace Outheis;

/// <summary>What agents are told by tools of the kernel.</summary>
internal static class ToldRoute
{
    /// <summary>The way of a message to an agent that is to be told it; throws where there is none.</summary>
    public static Route Check<T>(AgentCell agent)
    {
        if (agent.Instance is not { } instance)
        {
            throw new ArgumentException($"{agent.Name} has ended.");
        }

        Route route = MessageType<T>.Instance.RouteTo(instance, isRequest: false) ?? throw new ArgumentException(
            $"{instance.GetType().Name} is to be told a {typeof(T)} and does not handle it: implement "
            + $"IHandle<{typeof(T).Name}> or IHandleAsync<{typeof(T).Name}>, and not both.");
        return !Carriage<T>.IsTooLarge ? route : throw new ArgumentException(
            $"A {typeof(T)} has more than {Limits.MessageBytesMax} bytes: use a class.");
    }
}

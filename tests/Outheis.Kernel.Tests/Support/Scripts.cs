namespace Outheis.Tests;

/// <summary>What a test wants done inside a turn.</summary>
internal delegate void Script(Context context);

internal delegate void OnMessage<T>(in T message, Context context);

internal delegate TReply OnRequest<TRequest, TReply>(in TRequest request, Context context);

internal sealed record Do(Script Script);

internal sealed record DoAsync(Func<AgentContext, CancellationToken, ValueTask> Script);

/// <summary>Does what it is sent: code of the test runs in its turns.</summary>
internal class Puppet : Agent, IHandle<Do>, IHandleAsync<DoAsync>
{
    public Action<ExitReason>? Stopped { get; init; }

    public Script? Started { get; init; }

    public Reentrancy Reenters { get; init; }

    protected internal override Reentrancy Reentrancy => Reenters;

    public void Handle(in Do message, Context context) => message.Script(context);

    public ValueTask HandleAsync(DoAsync message, AgentContext context, CancellationToken cancellationToken) =>
        message.Script(context, cancellationToken);

    protected internal override void OnStart(Context context) => Started?.Invoke(context);

    protected internal override void OnStop(ExitReason reason) => Stopped?.Invoke(reason);
}

internal sealed class Receiver<T>(OnMessage<T> handle) : Puppet, IHandle<T>
{
    public void Handle(in T message, Context context) => handle(in message, context);
}

internal sealed class AsyncReceiver<T>(Func<T, AgentContext, CancellationToken, ValueTask> handle)
    : Puppet, IHandleAsync<T>
{
    public ValueTask HandleAsync(T message, AgentContext context, CancellationToken cancellationToken) =>
        handle(message, context, cancellationToken);
}

internal sealed class Answerer<TRequest, TReply>(OnRequest<TRequest, TReply> answer) : Puppet, IAnswer<TRequest, TReply>
{
    public TReply Answer(in TRequest request, Context context) => answer(in request, context);
}

internal sealed class AsyncAnswerer<TRequest, TReply>(
    Func<TRequest, AgentContext, CancellationToken, ValueTask<TReply>> answer) : Puppet, IAnswerAsync<TRequest, TReply>
{
    public ValueTask<TReply> AnswerAsync(
        TRequest request, AgentContext context, CancellationToken cancellationToken) =>
        answer(request, context, cancellationToken);
}

/// <summary>A supervisor that only writes down what it hears.</summary>
internal sealed class Listener : Puppet, IHandle<ChildStarted>, IHandle<ExitSignal>
{
    public List<ExitSignal> Exits { get; } = [];

    public List<ChildStarted> Starts { get; } = [];

    /// <summary>Restart every child that ends.</summary>
    public bool Restarts { get; init; }

    public OnMessage<ExitSignal>? OnExit { get; init; }

    public void Handle(in ChildStarted message, Context context) => Starts.Add(message);

    public void Handle(in ExitSignal message, Context context)
    {
        Exits.Add(message);
        OnExit?.Invoke(in message, context);
        if (Restarts)
        {
            context.Restart(message.Agent);
        }
    }
}

/// <summary>Restarts whoever ends.</summary>
internal sealed class Restarter : Agent, IHandle<ExitSignal>
{
    public void Handle(in ExitSignal message, Context context) => context.Restart(message.Agent);
}

internal static class Spawning
{
    /// <summary>Spawns an agent that already exists as an object; its restarts use the same object.</summary>
    public static AgentId Spawn(
        this Kernel kernel, Agent agent, int? core = null, int? capacity = null, AgentId supervisor = default,
        Qos qos = Qos.Default, string? name = null) =>
        kernel.Spawn(
            name, () =>
                agent, new SpawnOptions { Core = core, Capacity = capacity, Supervisor = supervisor, Qos = qos });

    public static AgentId Receive<T>(this Kernel kernel, OnMessage<T> handle, int? core = null, int? capacity = null) =>
        kernel.Spawn(new Receiver<T>(handle), core, capacity);

    public static AgentId Receive<T>(this Kernel kernel, List<T> into, int? core = null, int? capacity = null) =>
        kernel.Receive<T>((in T message, Context _) => into.Add(message), core, capacity);

    /// <summary>Has a puppet run a script in its next turn.</summary>
    public static void Do(this Kernel kernel, AgentId puppet, Script script) =>
        kernel.Grant<Do>(puppet).SendAll([new Do(script)]);

    public static void DoAsync(
        this Kernel kernel, AgentId puppet, Func<AgentContext, CancellationToken, ValueTask> script) =>
        kernel.Grant<DoAsync>(puppet).SendAll([new DoAsync(script)]);

    public static void DoAsync(this Kernel kernel, AgentId puppet, Func<AgentContext, ValueTask> script) =>
        kernel.DoAsync(puppet, (context, _) => script(context));
}

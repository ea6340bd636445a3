namespace Outheis.Testing;

/// <summary>
/// Stands for whoever the agent under test asks: answers one request after the other as its script says, and writes
/// down what was asked. From <see cref="SimulationKit.Stub{TRequest, TReply}"/>.
/// </summary>
/// <remarks>
/// The last step of the script answers all further requests too. Like any agent it takes the next request only when it
/// is done with the one before. A request without any script fails the simulation.
/// It has a supervisor that always restarts it, so a simulation that makes agents crash makes it crash too, unless
/// <see cref="FaultOptions.MayCrash"/> says otherwise.
/// </remarks>
/// <typeparam name="TRequest">What it is asked.</typeparam>
/// <typeparam name="TReply">What it answers.</typeparam>
public sealed class Stub<TRequest, TReply> : Recorder<TRequest>
{
    private readonly List<Func<TRequest, CancellationToken, ValueTask<TReply>>> _script = [];
    private int _answered;

    internal Stub(Simulation simulation, string name, SpawnOptions? options)
        : base(simulation, name)
    {
        options ??= new SpawnOptions();
        if (options.Supervisor == AgentId.Host)
        {
            AgentId supervisor = simulation.Kernel.Spawn($"{name}'s supervisor", () => new Restarter());
            options = options with { Supervisor = supervisor };
        }

        Agent = simulation.Kernel.Spawn(name, () => new Answerer(this), options);
    }

    /// <summary>Answers the next requests with these, one each.</summary>
    /// <param name="replies">One or more.</param>
    public Stub<TRequest, TReply> Answers(params IReadOnlyList<TReply> replies)
    {
        ArgumentNullException.ThrowIfNull(replies);
        foreach (TReply reply in replies)
        {
            Add((_, _) => new ValueTask<TReply>(reply));
        }

        return this;
    }

    /// <summary>Answers the next request with what a function makes of it. What that throws fails the ask.</summary>
    /// <param name="answer">Runs in the stub's turn.</param>
    public Stub<TRequest, TReply> AnswersBy(Func<TRequest, TReply> answer) =>
        Add((request, _) => new ValueTask<TReply>(answer(request)));

    /// <summary>Answers the next request late; too late, when its asker has given up by then.</summary>
    /// <param name="delay">On <see cref="Simulation.ApplicationTime"/>.</param>
    /// <param name="reply">What it answers then.</param>
    public Stub<TRequest, TReply> AnswersAfter(TimeSpan delay, TReply reply) => Add(async (_, _) =>
    {
        await Task.Delay(delay, Simulation.ApplicationTime, CancellationToken.None).ConfigureAwait(true);
        return reply;
    });

    /// <summary>Fails at the next request: its asker sees <see cref="AskOutcome.Failed"/>.</summary>
    /// <param name="bug">What the stub throws.</param>
    public Stub<TRequest, TReply> Fails(Exception bug) => Add((_, _) => throw bug);

    /// <summary>Leaves the next request without an answer until its asker gives up.</summary>
    public Stub<TRequest, TReply> NeverAnswers() => Add(static async (_, cancellationToken) =>
    {
        await GivenUp.Told(cancellationToken).ConfigureAwait(true);
        return default!;      // nobody waits for it
    });

    private Stub<TRequest, TReply> Add(Func<TRequest, CancellationToken, ValueTask<TReply>> step)
    {
        _script.Add(step);
        return this;
    }

    private sealed class Answerer(Stub<TRequest, TReply> stub) : Agent, IAnswerAsync<TRequest, TReply>
    {
        public ValueTask<TReply> AnswerAsync(
            TRequest request, AgentContext context, CancellationToken cancellationToken)
        {
            stub.Record(request, context.Sender, context.Badge);
            stub.Simulation.Require(
                stub._script.Count > 0, Words.Expectation,
                $"{stub.Name} was asked {Words.Of(request)} and has no script.");
            int step = Math.Min(stub._answered++, stub._script.Count - 1);
            return stub._script[step](request, cancellationToken);
        }
    }
}

/// <summary>Restarts what fails, always.</summary>
internal sealed class Restarter : Agent, IHandle<ChildStarted>, IHandle<ExitSignal>
{
    public void Handle(in ChildStarted message, Context context)
    {
    }

    public void Handle(in ExitSignal message, Context context)
    {
        if (!message.IsFinal)
        {
            context.Restart(message.Agent);
        }
    }
}

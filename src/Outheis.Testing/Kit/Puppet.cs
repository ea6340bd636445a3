using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Outheis.Testing;

/// <summary>
/// An agent that acts as the test says: a partner that plays its part of a protocol, a child that fails on purpose, a
/// client with an id and capabilities of its own. From <see cref="SimulationKit.Puppet{T}"/>.
/// </summary>
/// <remarks>
/// Its script is a list of steps, each for one message: the next message has to be the one that the next step is for,
/// or the simulation fails. After the script messages are only written down. The script goes on over restarts, and
/// what the puppet holds is granted anew.
/// </remarks>
/// <typeparam name="T">What it handles.</typeparam>
public sealed class Puppet<T> : Recorder<T>
{
    private readonly List<PuppetStep<T>> _script = [];
    private readonly List<Holding> _holdings = [];
    private readonly Capability<Deed> _deeds;
    private int _played;

    internal Puppet(Simulation simulation, string name, SpawnOptions? options)
        : base(simulation, name)
    {
        Agent = simulation.Kernel.Spawn(name, Make, options);
        _deeds = simulation.Kernel.Grant<Deed>(Agent);
    }

    /// <summary>Lets the puppet send.</summary>
    /// <typeparam name="TMessage">A message type that the target handles.</typeparam>
    /// <param name="target">To whom.</param>
    /// <param name="rights">Add <see cref="Rights.Grant"/> to let it derive.</param>
    /// <param name="badge">Set by the kernel on each message sent through it.</param>
    public Held<TMessage> Holds<TMessage>(AgentId target, Rights rights = Rights.Send, ulong badge = 0) => Add(
        new Held<TMessage>(
            Simulation.Kernel.GrantTo<TMessage>(Agent, target, rights, badge),
            endowment => endowment.Grant<TMessage>(target, rights, badge)));

    /// <summary>Lets the puppet ask.</summary>
    /// <typeparam name="TRequest">A request type that the target answers.</typeparam>
    /// <typeparam name="TReply">Its reply type.</typeparam>
    /// <param name="target">Whom.</param>
    /// <param name="badge">Set by the kernel on each request.</param>
    public Held<TRequest, TReply> HoldsAsk<TRequest, TReply>(AgentId target, ulong badge = 0) => Add(
        new Held<TRequest, TReply>(
            Simulation.Kernel.GrantAskTo<TRequest, TReply>(Agent, target, badge: badge),
            endowment => endowment.GrantAsk<TRequest, TReply>(target, badge: badge)));

    /// <summary>The next step of the script, for this message.</summary>
    /// <param name="message">Compared with <see cref="EqualityComparer{T}.Default"/>.</param>
    public PuppetStep<T> On(T message) => Add(next => Equal(next, message), Words.Of(message));

    /// <summary>The next step of the script, for a message that matches.</summary>
    /// <param name="matches">What it has to be.</param>
    /// <param name="what">Says it in the failure; default: the condition's own text.</param>
    public PuppetStep<T> On(
        Predicate<T> matches, [CallerArgumentExpression(nameof(matches))] string what = "") => Add(matches, what);

    /// <summary>The next step of the script, for any message.</summary>
    public PuppetStep<T> OnNext() => Add(static _ => true, $"a {typeof(T).Name}");

    /// <summary>Runs the simulation until every step of the script was begun.</summary>
    /// <param name="within">Default: 10 s of virtual time.</param>
    public void ExpectPlayed(TimeSpan? within = null)
    {
        if (!Words.RunUntil(Simulation, () => _played == _script.Count, within))
        {
            throw Words.Failure(
                Simulation, $"{Name}: {_script.Count - _played} of {_script.Count} steps were not played, "
                + $"the next one is for {_script[_played].What}.",
                "it got:", Received.Select(static received => received.ToString()));
        }
    }

    /// <summary>Does something in a turn of the puppet, and runs the simulation until it is done. What it throws comes
    /// out here.</summary>
    /// <param name="deed">May await, as a handler may.</param>
    public void Do(Func<AgentContext, ValueTask> deed) => Do(async context =>
    {
        await deed(context).ConfigureAwait(true);
        return true;
    });

    /// <summary>Does something in a turn of the puppet, and runs the simulation until it is done. What it throws comes
    /// out here.</summary>
    /// <typeparam name="TResult">What comes of it.</typeparam>
    /// <param name="deed">May await, as a handler may:
    /// <c>puppet.Do(context => context.AskAsync(prices.Capability, request))</c>.</param>
    public TResult Do<TResult>(Func<AgentContext, ValueTask<TResult>> deed)
    {
        TResult result = default!;
        var doing = new Deed(async context => result = await deed(context).ConfigureAwait(true));
        Simulation.Tell(_deeds, doing);
        Simulation.RunUntil(() => doing.IsOver, what: $"the end of what {Name} does");
        doing.Failure?.Throw();
        return result;
    }

    private Agent Make(Endowment endowment)
    {
        foreach (Holding holding in _holdings)
        {
            holding.Renew(endowment);
        }

        return new Player(this);
    }

    private PuppetStep<T> Add(Predicate<T> matches, string what)
    {
        ArgumentNullException.ThrowIfNull(matches);
        var step = new PuppetStep<T>(Simulation, this, matches, what);
        _script.Add(step);
        return step;
    }

    private THolding Add<THolding>(THolding holding)
        where THolding : Holding
    {
        _holdings.Add(holding);
        return holding;
    }

    private sealed class Player(Puppet<T> puppet) : Agent, IHandleAsync<T>, IHandleAsync<Deed>
    {
        public ValueTask HandleAsync(T message, AgentContext context, CancellationToken cancellationToken)
        {
            puppet.Record(message, context.Sender, context.Badge);
            if (puppet._played == puppet._script.Count)
            {
                return ValueTask.CompletedTask;
            }

            PuppetStep<T> step = puppet._script[puppet._played];
            puppet.Simulation.Require(
                step.Matches(message), Words.Expectation,
                $"the script of {puppet.Name} is at a step for {step.What}, and {Words.Of(message)} came.");
            puppet._played++;
            return step.Play(message, context);
        }

        public ValueTask HandleAsync(Deed message, AgentContext context, CancellationToken cancellationToken) =>
            message.Do(context);
    }

    private sealed class Deed(Func<AgentContext, Task> deed)
    {
        public bool IsOver { get; private set; }

        public ExceptionDispatchInfo? Failure { get; private set; }

        public async ValueTask Do(AgentContext context)
        {
            try
            {
                await deed(context).ConfigureAwait(true);
            }
            catch (Exception failure)
            {
                Failure = ExceptionDispatchInfo.Capture(failure);
                if (failure is SimulatedCrashException)
                {
                    throw;
                }
            }
            finally
            {
                IsOver = true;
            }
        }
    }
}

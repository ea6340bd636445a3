namespace Outheis.Testing;

/// <summary>What a puppet does when one message has come: its acts, one after another.</summary>
/// <typeparam name="T">The type of the puppet's messages.</typeparam>
public sealed class PuppetStep<T>
{
    private readonly Simulation _simulation;
    private readonly Puppet<T> _puppet;
    private readonly List<Func<T, AgentContext, ValueTask>> _acts = [];

    internal PuppetStep(Simulation simulation, Puppet<T> puppet, Predicate<T> matches, string what) =>
        (_simulation, _puppet, Matches, What) = (simulation, puppet, matches, what);

    internal Predicate<T> Matches { get; }

    internal string What { get; }

    /// <summary>Code of the test, in the puppet's turn.</summary>
    /// <param name="act">What it throws is the puppet's bug: its incarnation ends.</param>
    public PuppetStep<T> Does(Func<T, AgentContext, ValueTask> act)
    {
        ArgumentNullException.ThrowIfNull(act);
        _acts.Add(act);
        return this;
    }

    /// <summary>Sends, waiting for room.</summary>
    /// <typeparam name="TMessage">The message type.</typeparam>
    /// <param name="to">What the puppet holds.</param>
    /// <param name="message">What it sends.</param>
    /// <param name="result">What has to come of it; anything else fails the simulation.</param>
    public PuppetStep<T> Sends<TMessage>(
        Held<TMessage> to, TMessage message, SendResult result = SendResult.Sent) => Does(async (_, context) =>
        {
            SendResult sent = await context.SendAsync(to.Capability, message).ConfigureAwait(true);
            _simulation.Require(
                sent == result, Words.Expectation,
                $"{_puppet.Name} sent {Words.Of(message)} and expected {result}; it was {sent}.");
        });

    /// <summary>Asks and awaits the reply. An ask that fails is the puppet's bug.</summary>
    /// <typeparam name="TRequest">The request type.</typeparam>
    /// <typeparam name="TReply">The reply type.</typeparam>
    /// <param name="whom">What the puppet holds.</param>
    /// <param name="request">What it asks.</param>
    /// <param name="then">Gets the reply.</param>
    public PuppetStep<T> Asks<TRequest, TReply>(
        Held<TRequest, TReply> whom, TRequest request, Action<TReply>? then = null) => Does(async (_, context) =>
        {
            TReply reply = await context.AskAsync(whom.Capability, request).ConfigureAwait(true);
            then?.Invoke(reply);
        });

    /// <summary>Derives a capability for somebody else.</summary>
    /// <typeparam name="TMessage">The message type.</typeparam>
    /// <param name="from">What the puppet holds, with <see cref="Rights.Grant"/>.</param>
    /// <param name="holder">For whom.</param>
    /// <param name="rights">Cut down to those of <paramref name="from"/>.</param>
    /// <param name="then">Gets what came of it.</param>
    /// <param name="badge">Marks what comes through it.</param>
    public PuppetStep<T> Derives<TMessage>(
        Held<TMessage> from, AgentId holder, Rights rights, Action<DeriveResult, Capability<TMessage>>? then = null,
        ulong badge = 0) => Does((_, context) =>
        {
            DeriveResult result = context.Derive(
                from.Capability, holder, rights, badge, out Capability<TMessage> derived);
            then?.Invoke(result, derived);
            return ValueTask.CompletedTask;
        });

    /// <summary>Takes its time.</summary>
    /// <param name="time">On <see cref="Simulation.ApplicationTime"/>.</param>
    public PuppetStep<T> Waits(TimeSpan time) =>
        Does(async (_, _) => await Task.Delay(time, _simulation.ApplicationTime).ConfigureAwait(true));

    /// <summary>Fails: the incarnation ends, and its supervisor hears of it.</summary>
    /// <param name="bug">What it throws; default: an <see cref="InvalidOperationException"/>.</param>
    public PuppetStep<T> Crashes(Exception? bug = null) => Does((_, _) =>
        throw bug ?? new InvalidOperationException($"The script says that {_puppet.Name} fails here."));

    /// <summary>Ends the incarnation in good order.</summary>
    public PuppetStep<T> Stops() => Does(static (_, context) =>
    {
        context.Stop();
        return ValueTask.CompletedTask;
    });

    /// <inheritdoc cref="Puppet{T}.On(T)"/>
    public PuppetStep<T> On(T message) => _puppet.On(message);

    /// <inheritdoc cref="Puppet{T}.OnNext"/>
    public PuppetStep<T> OnNext() => _puppet.OnNext();

    internal async ValueTask Play(T message, AgentContext context)
    {
        foreach (Func<T, AgentContext, ValueTask> act in _acts)
        {
            await act(message, context).ConfigureAwait(true);
        }
    }
}

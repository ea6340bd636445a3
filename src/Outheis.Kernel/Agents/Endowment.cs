namespace Outheis;

/// <summary>
/// What the host gives an agent at birth. Handed to the factory, at the first start and at each restart; what
/// it grants belongs to that incarnation and ends with it.
/// </summary>
public readonly struct Endowment
{
    private readonly AgentCell _self;

    internal Endowment(AgentCell self) => _self = self;

    /// <summary>The agent being born.</summary>
    public AgentId Self => _self.Id;

    /// <summary>Lets the new agent send <typeparamref name="T"/> to <paramref name="target"/>.</summary>
    /// <typeparam name="T">A message type that the target handles.</typeparam>
    /// <param name="target">Who receives.</param>
    /// <param name="rights">Add <see cref="Rights.Grant"/> to let it pass the right on.</param>
    /// <param name="badge">Set by the kernel on each message sent through it.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    public Capability<T> Grant<T>(
        AgentId target, Rights rights = Rights.Send, ulong badge = 0, string? purpose = null) =>
        new(Mint.Handle<T>(_self.Kernel, _self, target, rights, badge, purpose));

    /// <summary>Lets the new agent ask <paramref name="target"/>.</summary>
    /// <typeparam name="TRequest">A request type that the target answers.</typeparam>
    /// <typeparam name="TReply">Its reply type.</typeparam>
    /// <param name="target">Who answers.</param>
    /// <param name="rights">Add <see cref="Rights.Grant"/> to let it pass the right on.</param>
    /// <param name="badge">Set by the kernel on each request sent through it.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    public AskCapability<TRequest, TReply> GrantAsk<TRequest, TReply>(
        AgentId target, Rights rights = Rights.Ask, ulong badge = 0, string? purpose = null) =>
        new(Mint.Answer<TRequest, TReply>(_self.Kernel, _self, target, rights, badge, purpose));

    /// <summary>Lets the new agent take streams of <paramref name="target"/>.</summary>
    /// <typeparam name="TRequest">What it asks with.</typeparam>
    /// <typeparam name="TItem">What comes.</typeparam>
    /// <param name="target">Who produces.</param>
    /// <param name="rights">Add <see cref="Rights.Grant"/> to let it pass the right on.</param>
    /// <param name="badge">Set by the kernel on each request sent through it.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    public StreamCapability<TRequest, TItem> GrantStream<TRequest, TItem>(
        AgentId target, Rights rights = Rights.Ask, ulong badge = 0, string? purpose = null) =>
        new(Mint.Stream<TRequest, TItem>(_self.Kernel, _self, target, rights, badge, purpose));

    /// <summary>Lets the new agent write to an output that the host reads.</summary>
    /// <typeparam name="T">What it writes.</typeparam>
    /// <param name="output">From <see cref="Kernel.OpenOutput{T}"/>.</param>
    /// <param name="purpose">Why, in words, for whoever lists capabilities.</param>
    public Capability<T> GrantOutput<T>(Output<T> output, string? purpose = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        return Grant<T>(output.Agent, purpose: purpose);
    }

    /// <summary>Lets the new agent make agents of one kind, within its turns.</summary>
    /// <typeparam name="TSeed">What it says to the factory each time.</typeparam>
    /// <param name="name">Of each; as for <see cref="Kernel.Spawn(string?, Func{Agent}, SpawnOptions?)"/>.</param>
    /// <param name="factory">Makes an incarnation, with the host's authority and not its maker's: within the maker's
    /// turn, and again on the agent's core at each restart.</param>
    /// <param name="options">Default: as for a spawn by the host, but on the core of its maker.</param>
    public SpawnCapability<TSeed> GrantSpawn<TSeed>(
        string? name, Func<Endowment, TSeed, Agent> factory, SpawnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return new SpawnCapability<TSeed>(new SpawnRight<TSeed>(_self, name, factory, options));
    }
}

namespace Outheis;

/// <summary>The agents of one run, by id.</summary>
internal sealed class LedgerRun(uint number)
{
    private readonly Dictionary<string, LedgerAgent> _names = new(StringComparer.Ordinal);

    public uint Number => number;

    public Dictionary<uint, LedgerAgent> Agents { get; } = [];

    /// <summary>What another core sent to an agent may come before the record that names it.</summary>
    public LedgerAgent AgentOf(uint id)
    {
        if (!Agents.TryGetValue(id, out LedgerAgent? agent))
        {
            Agents[id] = agent = new LedgerAgent(number, id);
        }

        return agent;
    }

    /// <summary>An agent got its name. A name that two agents of one run have joins nothing.</summary>
    public void Name(LedgerAgent agent, string name, LedgerPast past)
    {
        (agent.IsTold, agent.GivenName, agent.Past) = (true, name, past);
        if (!_names.TryAdd(name, agent))
        {
            _names[name].Past = agent.Past = null;
        }
    }
}

/// <summary>An agent of one run.</summary>
internal sealed class LedgerAgent(uint run, uint id)
{
    public uint Run => run;

    public uint Id => id;

    /// <summary>A record has named it.</summary>
    public bool IsTold { get; set; }

    /// <summary>Empty: it has none, or it is not known yet.</summary>
    public string GivenName { get; set; } = "";

    /// <summary>What its name joins it to; null: nothing.</summary>
    public LedgerPast? Past { get; set; }

    /// <summary>Nothing that it is sent will ever be delivered to anybody else.</summary>
    public bool JoinsNothing => IsTold && Past is null;
}

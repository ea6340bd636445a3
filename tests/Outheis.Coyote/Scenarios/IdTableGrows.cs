namespace Outheis.Coyote;

/// <summary>
/// The table of agents gets a longer directory and loses a page while cores take pages of it and another thread looks
/// up: who was added is found, at every moment, nobody else under that id, and nobody who is gone
/// (<see cref="IdTable{T}"/>, release 30).
/// </summary>
internal sealed class IdTableGrows : Scenario
{
    private const uint LastOfShortDirectory = 15;

    private readonly AgentTable _table = new(2);
    private readonly AgentCell _first;

    public IdTableGrows()
    {
        _first = Add(null);
        for (int i = 2; i < IdTable<AgentCell>.PageIds; i++)
        {
            _table.Remove(Add(null).Id.Value);
        }

        // As if so many had lived before.
        Field<IdTable<AgentCell>>("_nextPage").SetValue(_table, LastOfShortDirectory);
    }

    public override void Run() => Together(() => AddAndFind(0), () => AddAndFind(1), () =>
    {
        for (int i = 0; i < 3; i++)
        {
            AgentCell? found = _table.Find(_first.Id.Value);
            Claim(ReferenceEquals(found, _first), "an agent was not found while the table grew");
        }

        _table.Remove(_first.Id.Value);      // the last of its page
        Claim(_table.Find(_first.Id.Value) is null, "an agent was found after it was removed");
    });

    public override void Check()
    {
        Claim(_table.Snapshot().Length == 2 && _table.Count == 2, "two agents are there");
        Claim(_table.HasHandedOut(_first.Id.Value), "an id was never handed out");
        Array pages = (Array)Field<IdTable<AgentCell>>("_pages").GetValue(_table)!;
        Claim(pages.Length == 32 && pages.GetValue(0) is null, "a page was kept whose agents are gone");
    }

    private void AddAndFind(int core)
    {
        AgentCell added = Add(core);
        Claim(ReferenceEquals(_table.Find(added.Id.Value), added), "an agent was not found after it was added");
    }

    private AgentCell Add(int? core)
    {
        IdTable<AgentCell>.Place place = _table.Next(core);
        var agent = new AgentCell(null!, null, new AgentId(place.Id), null, null, null, default, 1);
        place.Put(agent);
        return agent;
    }
}

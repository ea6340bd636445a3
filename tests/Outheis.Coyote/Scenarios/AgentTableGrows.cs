namespace Outheis.Coyote;

/// <summary>
/// The table of agents gets a longer page table while other threads look up and add: who was added is found, at every
/// moment, and nobody else under that id (<see cref="AgentTable"/>, release 30).
/// </summary>
internal sealed class AgentTableGrows : Scenario
{
    private const uint LastOfShortTable = (16 << 12) - 1;

    private readonly AgentTable _table = new();
    private readonly AgentCell _first;

    public AgentTableGrows()
    {
        _first = Add();
        Field<AgentTable>("_lastId").SetValue(_table, LastOfShortTable - 1);      // as if so many had lived before
    }

    public override void Run() => Together(AddAndFind, AddAndFind, () =>
    {
        for (int i = 0; i < 3; i++)
        {
            AgentCell? found = _table.Find(_first.Id.Value);
            Claim(ReferenceEquals(found, _first), "an agent was not found while the table grew");
        }
    });

    public override void Check() =>
        Claim(_table.Snapshot().Length == 3 && _table.Count == 3, "three agents were added");

    private void AddAndFind()
    {
        AgentCell added = Add();
        Claim(ReferenceEquals(_table.Find(added.Id.Value), added), "an agent was not found after it was added");
    }

    private AgentCell Add() =>
        _table.Add(0, static (_, id) => new AgentCell(null!, null, id, null, null, null, default, 1));
}

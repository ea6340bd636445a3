namespace Outheis;

/// <summary>A ledger as bytes. What names the runs of messages and states that are still needed, and the newest run, go
/// with it; of other runs nothing does.</summary>
internal sealed partial class JournalLedger
{
    public void Write(BinaryWriter to, JournalNames names)
    {
        to.Write(_accepted);
        HashSet<uint> needed = [.. NeededRuns()];
        LedgerRun[] runs = [.. _runs.Values.Where(run => needed.Contains(run.Number))];
        to.Write(runs.Length);
        foreach (LedgerRun run in runs)
        {
            WriteRun(to, run, names);
        }

        to.Write(_pasts.Count);
        foreach (LedgerPast past in _pasts.Values)
        {
            past.Write(to);
        }

        Write(to, _asks.Where(ask => needed.Contains(ask.Key.Run)), static (to, ask) =>
        {
            to.Write(ask.Key.Run);
            to.Write(ask.Key.Correlation);
            to.Write(ask.Value.Name);
        });
        Write(to, _messages.Values, static (to, message) => message.Write(to));
    }

    /// <exception cref="EndOfStreamException">It is none.</exception>
    public static JournalLedger Read(BinaryReader from, JournalNames names)
    {
        var ledger = new JournalLedger { _accepted = from.ReadInt64() };
        List<(LedgerAgent Agent, LedgerRun Run)> told = [];
        for (int runs = from.ReadInt32(); runs > 0; runs--)
        {
            LedgerRun run = ledger.RunOf(from.ReadUInt32());
            ReadRun(from, run, names, told);
        }

        for (int pasts = from.ReadInt32(); pasts > 0; pasts--)
        {
            var past = LedgerPast.Read(from);
            ledger._pasts.Add(past.Name, past);
        }

        told.ForEach(one => one.Run.Name(one.Agent, one.Agent.GivenName, ledger._pasts[one.Agent.GivenName]));
        for (int asks = from.ReadInt32(); asks > 0; asks--)
        {
            (uint run, ulong correlation) = (from.ReadUInt32(), from.ReadUInt64());
            ledger._asks[(run, correlation)] = ledger._pasts[from.ReadString()];
        }

        for (int messages = from.ReadInt32(); messages > 0; messages--)
        {
            var message = Accepted.Read(from, ledger);
            ledger._messages.Add(message.Place.Position, message);
        }

        return ledger;
    }

    private IEnumerable<uint> NeededRuns() => _pasts.Values.SelectMany(static past => past.Places)
        .Select(static place => place.Place.Run)
        .Concat(_messages.Values.SelectMany(static message => new[] { message.Place.Place.Run, message.Agent.Run }
            .Concat((message.Verdict?.Effects ?? []).Select(static place => place.Place.Run))))
        .Append(_runs.Count == 0 ? 0 : _runs.Keys.Max());

    private static void Write<T>(BinaryWriter to, IEnumerable<T> all, Action<BinaryWriter, T> write)
    {
        T[] items = [.. all];
        to.Write(items.Length);
        Array.ForEach(items, item => write(to, item));
    }

    private static void WriteRun(BinaryWriter to, LedgerRun run, JournalNames names)
    {
        to.Write(run.Number);
        Write(to, run.Agents.Values, static (to, agent) =>
        {
            to.Write(agent.Id);
            to.Write(agent.IsTold);
            to.Write(agent.GivenName);
        });
        Write(to, names.TypesOf(run.Number), static (to, type) =>
        {
            byte[] schema = new byte[type.Schema.Bytes];
            type.Schema.Write(schema);
            to.Write(type.Id);
            to.Write(schema.Length);
            to.Write(schema);
        });
    }

    // Who is called the same joins nothing, whoever was first.
    private static void ReadRun(
        BinaryReader from, LedgerRun run, JournalNames names, List<(LedgerAgent Agent, LedgerRun Run)> told)
    {
        for (int agents = from.ReadInt32(); agents > 0; agents--)
        {
            LedgerAgent agent = run.AgentOf(from.ReadUInt32());
            (agent.IsTold, agent.GivenName) = (from.ReadBoolean(), from.ReadString());
            if (agent.GivenName.Length > 0)
            {
                names.Tell(run.Number, agent.Id, agent.GivenName);
                told.Add((agent, run));
            }
        }

        for (int types = from.ReadInt32(); types > 0; types--)
        {
            int id = from.ReadInt32();
            if (SchemaRecord.TryRead(from.ReadBytes(from.ReadInt32()), out SchemaRecord schema))
            {
                names.Tell(run.Number, id, schema);
            }
        }
    }

    private readonly partial record struct Accepted
    {
        public void Write(BinaryWriter to)
        {
            Place.Write(to);
            to.Write(Agent.Run);
            to.Write(Agent.Id);
            to.Write(Number);
            to.Write(Verdict is not null);
            Verdict?.Write(to);
        }

        public static Accepted Read(BinaryReader from, JournalLedger ledger)
        {
            var place = RecordPlace.Read(from);
            LedgerAgent agent = ledger.RunOf(from.ReadUInt32()).AgentOf(from.ReadUInt32());
            return new Accepted(
                place, agent, from.ReadInt64(), from.ReadBoolean() ? LedgerVerdict.Read(from) : null);
        }
    }
}

namespace Outheis;

/// <summary>Streams of this core's agents. Everything else about them is asks (<see cref="Inflow"/>).</summary>
internal sealed unsafe partial class Core
{
    /// <summary>One item of a stream that one of this core's agents produces, to wherever its consumer waits. Within
    /// what that one has let, which bounds what is under way.</summary>
    public void SendItem<TItem>(AgentCell self, ulong correlation, in TItem item)
    {
        Tap?.AppendReply(ItemRoute<TItem>.Instance, self, correlation, Current, in item);
        int table = Correlation.Table(correlation);
        if (table == Index)
        {
            Replies.Add(correlation, in item);
        }
        else if (table == Correlation.HostTable)
        {
            HostReplies++;
            Kernel.HostAsks.Add(correlation, in item);
        }
        else
        {
            SendUncredited(Kernel.Cores[table], 0, self.Id.Value, ItemRoute<TItem>.Instance, correlation, in item);
        }
    }

    /// <summary>Lets a producer send more. A message for each half of a window at most.</summary>
    public void TellLet(AgentCell producer, ulong correlation, int more)
    {
        if (Has(producer))
        {
            NoteLet(producer, correlation, more);
        }
        else
        {
            var letting = new Letting(producer.Id.Value, more);
            SendUncredited(producer.Core, 0, 0, LettingRoute.Instance, correlation, in letting);
        }
    }

    /// <summary>One of this core's agents may send more, if that stream is not over: as long as it is not, its producer
    /// does not move.</summary>
    public void NoteLet(AgentCell producer, ulong correlation, int more)
    {
        if (Has(producer))
        {
            producer.Async?.OutflowOf(correlation)?.Let(more);
        }
    }
}

using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>A message that the kernel makes for an agent out of what is the agent's own: what its timer says, what its
/// offloaded work came to, what it is told of a group or a source. No credit, no capability, and no place in the
/// journal until it is taken.</summary>
internal static unsafe class OwnMessage
{
    /// <summary>Fills a cell, but for the chain and what the flag names.</summary>
    public static void Fill<T>(
        CellSlab cells, Message* cell, AgentCell agent, Route route, MessageFlags flag, in T message)
    {
        FillHeader(cell, agent, route, flag | Carriage<T>.Flags);
        cell->PayloadBytes = (byte)Carriage<T>.InlineBytes;
        if (Carriage<T>.IsInline)
        {
            Unsafe.WriteUnaligned(&cell->Payload, message);
        }
        else
        {
            cells.PutReference(cell, Carriage<T>.Wrap(in message));
        }
    }

    /// <summary>Fills a cell, but for the chain, what the flags name, and the payload.</summary>
    public static void FillHeader(Message* cell, AgentCell agent, Route route, MessageFlags flags)
    {
        cell->Route = route.Index;
        cell->Target = cell->Sender = agent.Id.Value;
        cell->Capability = 0;
        cell->Badge = 0;
        cell->Flags = MessageFlags.Uncredited | MessageFlags.Extended | flags;
        cell->Qos = agent.Qos;
        cell->PayloadBytes = 0;
        cell->Position = 0;
        (cell->Correlation, cell->Deadline, cell->Labels) = (0, 0, 0);
    }
}

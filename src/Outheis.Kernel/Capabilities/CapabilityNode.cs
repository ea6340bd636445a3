using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The kernel's side of a capability: who may do what to whom. User code holds it only inside a
/// <see cref="Capability{T}"/>, whose constructor is the kernel's, so it cannot be made up; and it works for
/// its holder alone, so one that leaks through shared memory is useless (SE-01).
/// </summary>
/// <remarks>
/// Immutable but for three things: the live rights, which fall to none at revocation (any thread reads, any
/// thread takes them); the lease, which belongs to the holder's turn; and the links.
/// </remarks>
internal sealed class CapabilityNode
{
    private const int NotRevoked = 1 << 8;      // beside the rights, so that having none is not being revoked

    private int _live;

    public CapabilityNode(
        uint id, AgentCell holder, AgentCell target, Route route, Rights rights, ulong badge, string? purpose)
    {
        Id = id;
        Holder = holder;
        Target = target;
        Route = route;
        Granted = rights;
        Purpose = purpose;
        Stamp = new MessageStamp
        {
            Route = route.Index,
            Target = target.Id.Value,
            Sender = holder.Id.Value,
            Capability = id,
            Badge = badge,
            Flags = route.Flags | ((rights & Rights.Priority) != 0 ? MessageFlags.Priority : MessageFlags.None),
            Qos = holder.Qos,
            PayloadBytes = (byte)route.InlineBytes,
        };
        _live = (int)rights | NotRevoked;
    }

    public uint Id { get; }

    public AgentCell Holder { get; }

    public AgentCell Target { get; }

    public Route Route { get; }

    /// <summary>The part of each message's header that is the same for all sent through this
    /// capability.</summary>
    public MessageStamp Stamp;

    /// <summary>Credits of the target that the holder's running turn has left (<see cref="Credits"/>,
    /// C3).</summary>
    public int Lease;

    /// <summary>What the lease takes next: it doubles as a turn goes on.</summary>
    public int LeaseNext;

    public Rights Granted { get; }

    public string? Purpose { get; }

    public ulong Badge => Stamp.Badge;

    public bool IsRevoked => Volatile.Read(ref _live) == 0;

    // Links of the derivation tree, under CapabilityTree's lock; and of the holder's list, under the holder's.
    public CapabilityNode? Parent;
    public CapabilityNode? FirstChild;
    public CapabilityNode? NextSibling;
    public CapabilityNode? PreviousSibling;
    public CapabilityNode? NextHeld;
    public CapabilityNode? PreviousHeld;

    /// <summary>The check of every send: three compares.</summary>
    public bool Allows(AgentCell holder, Rights needed) =>
        ReferenceEquals(Holder, holder) && (_live & (int)needed) != 0;

    /// <summary>Takes the rights. True for one of those who try.</summary>
    public bool TryKill() => Interlocked.Exchange(ref _live, 0) != 0;

    /// <summary>Why <see cref="Allows"/> said no.</summary>
    public static SendResult Refusal(CapabilityNode? node, AgentCell holder) =>
        node is not null && ReferenceEquals(
            node.Holder, holder) && node.IsRevoked ? SendResult.Revoked : SendResult.Denied;
}

/// <summary>Bytes 8 to 40 of a message. Written as a whole: a message to another core is held up by each store that
/// it takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MessageStamp
{
    public int Route;
    public uint Target;
    public uint Sender;
    public uint Capability;
    public ulong Badge;
    public MessageFlags Flags;
    public Qos Qos;
    public byte PayloadBytes;
    public uint Chain;      // of the message, not of the capability: stored after the stamp
}

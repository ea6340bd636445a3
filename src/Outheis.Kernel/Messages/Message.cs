using System.Runtime.InteropServices;

namespace Outheis;

[Flags]
internal enum MessageFlags : ushort
{
    None = 0,
    Extended = 1 << 0,        // the last 32 bytes of the cell are set: correlation, trace, deadline, labels
    Reference = 1 << 1,       // an object travels beside the cell (see CellSlab, CoreRing, Ingress)
    Uncredited = 1 << 2,      // a kernel signal or reply: took no room of the target's channel
    Void = 1 << 3,            // a claimed ingress slot whose sender withdrew: nothing to deliver
    Traced = 1 << 4,          // Trace names a trace context; set only while somebody listens
    Redelivered = 1 << 5,     // accepted by an earlier process and not handled by it
    Timer = 1 << 6,           // a timer of the target's own says it: Timer names it, Labels counts how often it was due
    Signal = 1 << 7,          // the kernel tells a supervisor about a child
    Priority = 1 << 8,        // goes into the priority lane of the target's channel
    Call = 1 << 10,           // a request that an ask of the target's own led to, and which may begin beside that
    Offload = 1 << 9,         // what the target had offloaded: Timer is the incarnation that it is for
    Told = 1 << 12,           // the kernel tells it what it was to hear: Timer as with Offload, 0: whichever lives
    Merged = 1 << 13,         // with Told: what a source has by the time it is taken; the source is beside the cell
}

/// <summary>Looks at a message where it lies; for whoever checks or lists.</summary>
internal unsafe delegate void MessageLook(Message* message);

/// <summary>
/// One message in a cell of two cache lines. A small message without extension lives in the first line alone,
/// and only that line is copied between cores.
/// </summary>
/// <remarks>
/// <code>
///  0        8       12       16       20           24      32      34    35      36      40         48
///  | next   | route | target | sender | capability | badge | flags | qos | bytes | chain | position |
///  payload, 48 bytes 96            104     108        112        120      128
///  | correlation | trace or call    | deadline | labels |        valid only with Extended
/// </code>
/// In a ring or ingress slot the first word is the slot's sequence instead of a link.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = Limits.CellBytes)]
internal unsafe struct Message
{
    [FieldOffset(0)] public Message* Next;
    [FieldOffset(0)] public long Sequence;
    [FieldOffset(8)] public int Route;
    [FieldOffset(12)] public uint Target;
    [FieldOffset(16)] public uint Sender;
    [FieldOffset(20)] public uint Capability;
    [FieldOffset(24)] public ulong Badge;
    [FieldOffset(32)] public MessageFlags Flags;
    [FieldOffset(34)] public Qos Qos;
    [FieldOffset(35)] public byte PayloadBytes;
    [FieldOffset(36)] public uint Chain;
    [FieldOffset(40)] public long Position;
    [FieldOffset(Limits.HeaderBytes)] public byte Payload;
    [FieldOffset(96)] public ulong Correlation;
    [FieldOffset(104)] public uint Trace;
    [FieldOffset(104)] public ulong Timer;      // of a message that has that flag, Offload or Told
    [FieldOffset(104)] public ulong Call;       // of an ask: the ask that the chain of asks began with; 0: this one
    [FieldOffset(112)] public long Deadline;
    [FieldOffset(120)] public ulong Labels;

    public readonly bool Has(MessageFlags flag) => (Flags & flag) != 0;

    /// <summary>Whether an asker waits. Without an extension the correlation is what another message left
    /// there.</summary>
    public readonly bool IsAsk => Has(MessageFlags.Extended) && Correlation != 0;

    /// <summary>Which call chain an ask belongs to that is made while this message is handled.</summary>
    public static ulong CallOf(Message* handled, ulong correlation) =>
        !handled->IsAsk ? correlation : handled->Call != 0 ? handled->Call : handled->Correlation;

    /// <summary>How often a timer was due; 1 for what no timer says.</summary>
    public readonly long Fires => Has(MessageFlags.Extended) && Correlation == 0 && Labels > 1 ? (long)Labels : 1;

    /// <summary>Copies everything but the first word, and only the lines that are in use.</summary>
    public static void CopyBody(Message* from, Message* to)
    {
        bool both = from->PayloadBytes > Limits.HotPayloadBytes || from->Has(MessageFlags.Extended);
        ulong* source = (ulong*)from;
        ulong* target = (ulong*)to;
        target[1] = source[1];
        *(Block16*)(target + 2) = *(Block16*)(source + 2);
        *(Block32*)(target + 4) = *(Block32*)(source + 4);
        if (both)
        {
            *(Block64*)(target + 8) = *(Block64*)(source + 8);
        }
    }

    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct Block16;

    [StructLayout(LayoutKind.Sequential, Size = 32)]
    private struct Block32;

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Block64;
}

namespace Outheis;

/// <summary>
/// Names one ask: the table that waits for the reply (a core's, or the host's), the slot in it, and which use
/// of that slot. A reply finds its asker by it and by nothing else, so a late one cannot answer the next ask
/// (OT-10).
/// </summary>
internal static class Correlation
{
    public const int HostTable = 0xFF;

    /// <summary>Of an ask whose asker has gone with an earlier process: its own number may be another one's by
    /// now.</summary>
    public const ulong OfEarlierRun = (ulong)EarlierTable << 56;

    private const int EarlierTable = 0xFE;

    public static ulong Of(int table, int slot, uint generation) => (ulong)table << 56 | (ulong)slot << 32 | generation;

    public static int Table(ulong correlation) => (int)(correlation >> 56);

    public static int Slot(ulong correlation) => (int)(correlation >> 32) & 0xFFFFFF;

    public static uint Generation(ulong correlation) => (uint)correlation;
}

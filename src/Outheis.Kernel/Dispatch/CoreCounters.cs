namespace Outheis;

/// <summary>What one core did since the kernel started (LW-29). Written by the core; others read a moment's
/// view.</summary>
internal struct CoreCounters
{
    public long Turns;
    public long Handled;
    public long SentHome;
    public long Arrived;         // from another core
    public long Entered;         // from outside the kernel
    public long RingFull;        // sends that found a ring full
    public long Parks;
    public long LateReplies;
    public long Raised;          // times that somebody of a higher class made an agent's class higher
}

namespace Outheis;

/// <summary>What a reader did not get to see, because its writer gave it up before.</summary>
/// <param name="Lane">The core whose history it was.</param>
/// <param name="From">The position that would have been read next.</param>
/// <param name="To">Where reading went on.</param>
public sealed record LaneLoss(int Lane, long From, long To)
{
    /// <summary>How much of the lane lies between, the fronts of its segments included.</summary>
    public long Bytes => To - From;
}

namespace Outheis;

/// <summary>What agents have offloaded.</summary>
public sealed partial class Kernel
{
    /// <summary>Offloaded work and its threads, as of this moment (GC-24). Any thread.</summary>
    public OffloadInfo DescribeOffloads() => OffloadPool.Describe();

    internal OffloadPool OffloadPool { get; }
}

namespace Outheis;

/// <summary>What a kernel tells of its journal.</summary>
public sealed partial class Kernel
{
    /// <summary>What of the journal is sealed, archived and given up, and what hinders that; null without a
    /// journal.</summary>
    public JournalInfo? DescribeJournal() => _journal?.Describe();
}

namespace Outheis;

/// <summary>What happens to history that the retention lets go and the archive does not have yet.</summary>
public enum ArchiveLag : byte
{
    /// <summary>It stays, and no new segment is begun: sends see Full until the archive has it. Exit signals, replies
    /// and what the kernel itself has to say use the rest of the segment.</summary>
    Block,

    /// <summary>What no flush made durable for anybody is given up; see <see cref="JournalLaneInfo.Dropped"/>. What one
    /// did blocks.</summary>
    DropNonDurable,
}

namespace Outheis.Testing;

/// <summary>What a simulated disk can be told to refuse.</summary>
public enum DiskVerb
{
    /// <summary>Making a segment, or writing a small file aside, which then is left short.</summary>
    Create,

    /// <summary>Opening a file that exists, to map it or to read it.</summary>
    Open,

    /// <summary>Giving a file another name.</summary>
    Rename,

    /// <summary>Making a file durable.</summary>
    SyncFile,

    /// <summary>Making the names in a directory durable.</summary>
    SyncDirectory,
}

/// <summary>
/// How often the verbs of a simulated disk fail by chance, each "one in so many calls": 0 is never, 1 is every time.
/// With all of them 0 nothing is drawn.
/// </summary>
public sealed record DiskFaults
{
    /// <summary>A disk that never fails by itself.</summary>
    public static DiskFaults None { get; } = new();

    /// <summary>Of <see cref="DiskVerb.Create"/>.</summary>
    public int CreateOneIn { get; init; }

    /// <summary>Of <see cref="DiskVerb.Open"/>.</summary>
    public int OpenOneIn { get; init; }

    /// <summary>Of <see cref="DiskVerb.Rename"/>.</summary>
    public int RenameOneIn { get; init; }

    /// <summary>Of <see cref="DiskVerb.SyncFile"/> and <see cref="DiskVerb.SyncDirectory"/>.</summary>
    public int SyncOneIn { get; init; }

    /// <summary>
    /// False: a power cut keeps the changes to the names in a directory up to some point, as file systems with a log
    /// do (ext4, XFS, btrfs). True: it keeps any of them, the later without the earlier too.
    /// </summary>
    public bool NamesInAnyOrder { get; init; }

    internal int OneIn(DiskVerb verb) => verb switch
    {
        DiskVerb.Create => CreateOneIn,
        DiskVerb.Open => OpenOneIn,
        DiskVerb.Rename => RenameOneIn,
        _ => SyncOneIn,
    };
}

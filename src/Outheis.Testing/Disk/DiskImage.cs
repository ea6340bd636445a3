namespace Outheis.Testing;

/// <summary>
/// Everything on a simulated disk at one moment, what is not durable yet included. Does not change; any number of
/// disks can begin with it.
/// </summary>
public sealed class DiskImage
{
    private readonly DiskTree _tree;

    internal DiskImage(DiskTree tree, long free)
    {
        _tree = tree;
        Free = free;
    }

    internal long Free { get; }

    internal DiskTree CopyTree() => _tree.Clone();
}

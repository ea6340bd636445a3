namespace Outheis.Testing;

/// <summary>
/// Files and directories under their names, twice: as processes see the names, and as the device has them. In between
/// stand the changes that no sync of their directory has made durable yet.
/// </summary>
internal sealed class DiskTree
{
    private readonly List<DiskNode> _nodes = [];                          // in the order of their making
    private readonly SortedDictionary<string, DiskNode> _byPath = new(StringComparer.Ordinal);
    private List<NameChange> _changes = [];

    /// <summary>Counts the starts of the machine.</summary>
    public int Boot { get; private set; } = 1;

    public IEnumerable<string> Files => _byPath.Where(static named => named.Value.Content is not null)
        .Select(static named => named.Key);

    public long Bytes => _byPath.Values.Sum(static node => (long)(node.Content?.Bytes ?? 0));

    public DiskNode? Find(string path) => _byPath.GetValueOrDefault(path);

    public DiskNode FindFile(string path) =>
        Find(path) is { Content: not null } file ? file : throw new FileNotFoundException($"{path} does not exist");

    public IReadOnlyList<string>? List(string directory) =>
        !IsDirectory(directory) ? null
        : [.. _byPath.Keys.Where(path => Path.GetDirectoryName(path) == directory)
            .Select(static path => Path.GetFileName(path))];

    public void CreateDirectory(string path)
    {
        if (!IsDirectory(path))
        {
            CreateDirectory(DirectoryOf(path));
            Add(new DiskNode(null), path);
        }
    }

    public DiskNode CreateFile(string path, DiskContent content)
    {
        if (!IsDirectory(DirectoryOf(path)))
        {
            throw new DirectoryNotFoundException($"{DirectoryOf(path)} does not exist");
        }

        var file = new DiskNode(content);
        Add(file, path);
        return file;
    }

    /// <summary>Returns what had the new name before.</summary>
    public DiskNode? Rename(string from, string to)
    {
        DiskNode file = FindFile(from);
        if (DirectoryOf(from) != DirectoryOf(to))
        {
            throw new IOException($"{to} is in another directory than {from}");
        }

        _byPath.Remove(from);
        _byPath.Remove(to, out DiskNode? replaced);      // no change of its own: the name is never missing
        Add(file, to);
        return replaced;
    }

    public DiskNode? Delete(string path)
    {
        if (_byPath.Remove(path, out DiskNode? file))
        {
            _changes.Add(new NameChange(file, null, DirectoryOf(path)));
        }

        return file;
    }

    public void SyncNames(string directory)
    {
        NameChange[] synced = [.. _changes.Where(change => change.Directory == directory && !change.Dropped)];
        Array.ForEach(synced, Apply);

        // What an earlier sync dropped of the same file or name is history: the device has the later state.
        _changes.RemoveAll(change => change.Directory == directory && (!change.Dropped || Array.Exists(
            synced, later => later.Node == change.Node || (later.Path is not null && later.Path == change.Path))));
        Prune();
    }

    /// <summary>A sync that fails: no later one will see to these changes.</summary>
    public void DropNames(string directory) => _changes =
        [.. _changes.Select(change => change.Directory == directory ? change with { Dropped = true } : change)];

    /// <summary>Everything reaches the device.</summary>
    public void SyncAll()
    {
        _changes.ForEach(Apply);
        _changes.Clear();
        Prune();
        _nodes.ForEach(static node => node.Content?.Sync());
    }

    /// <summary>What the system writes by itself, sooner or later.</summary>
    public void WriteBack(Choices choices) =>
        _nodes.ForEach(node => node.Content?.WriteBack(choices, powerFails: false));

    public DiskTree Clone() => Clone(static content => content.Clone());

    public void Reboot() => Boot++;

    /// <summary>What the next boot finds after a power failure; without choices what is durable alone.</summary>
    public DiskTree CutPower(Choices? choices, bool namesInAnyOrder)
    {
        DiskTree names = Clone(static content => content);
        if (choices is not null)
        {
            names.KeepSome(choices, namesInAnyOrder);
        }

        var found = new DiskTree { Boot = Boot + 1 };
        foreach (DiskNode node in names._nodes.Where(static node => node.DevicePath is not null)
            .OrderBy(static node => node.DevicePath, StringComparer.Ordinal))
        {
            string path = node.DevicePath!;
            if (found.IsDirectory(DirectoryOf(path)))      // what is in a lost directory is lost with it
            {
                var kept = new DiskNode(node.Content?.CutPower(choices)) { DevicePath = path };
                found._nodes.Add(kept);
                found._byPath.Add(path, kept);
            }
        }

        return found;
    }

    private void KeepSome(Choices choices, bool namesInAnyOrder)
    {
        foreach (IGrouping<string, NameChange> directory in _changes.GroupBy(static change => change.Directory))
        {
            NameChange[] changes = [.. directory];
            int lost = namesInAnyOrder ? 0 : choices.Draw(changes.Length + 1);
            foreach (NameChange change in changes.SkipLast(lost))
            {
                if (!namesInAnyOrder || choices.Draw(2) == 0)
                {
                    Apply(change);
                }
            }
        }
    }

    private DiskTree Clone(Func<DiskContent, DiskContent> copyContent)
    {
        var clone = new DiskTree { Boot = Boot };
        Dictionary<DiskNode, DiskNode> copies = [];
        foreach (DiskNode node in _nodes)
        {
            DiskContent? content = node.Content is null ? null : copyContent(node.Content);
            var copy = new DiskNode(content) { DevicePath = node.DevicePath };
            copies.Add(node, copy);
            clone._nodes.Add(copy);
        }

        foreach ((string path, DiskNode node) in _byPath)
        {
            clone._byPath.Add(path, copies[node]);
        }

        clone._changes.AddRange(_changes.Select(change => change with { Node = copies[change.Node] }));
        return clone;
    }

    private void Add(DiskNode node, string path)
    {
        if (!_nodes.Contains(node))
        {
            _nodes.Add(node);
        }

        _byPath[path] = node;
        _changes.Add(new NameChange(node, path, DirectoryOf(path)));
    }

    // A node has one name on the device: the last one of its changes that got there. A name has one node.
    private void Apply(NameChange change)
    {
        if (change.Path is not null)
        {
            foreach (DiskNode other in _nodes.Where(node => node.DevicePath == change.Path))
            {
                other.DevicePath = null;
            }
        }

        change.Node.DevicePath = change.Path;
    }

    private void Prune()
    {
        HashSet<DiskNode> needed = [.. _byPath.Values, .. _changes.Select(static change => change.Node)];
        _nodes.RemoveAll(node => node.DevicePath is null && !needed.Contains(node));
    }

    private bool IsDirectory(string path) =>
        Path.GetPathRoot(path) == path || Find(path) is { Content: null };

    private static string DirectoryOf(string path) => Path.GetDirectoryName(path) ?? path;

    /// <summary>One name given or, without a path, taken away.</summary>
    /// <param name="Node">Whose.</param>
    /// <param name="Path">The new name.</param>
    /// <param name="Directory">What must be synced to make it durable.</param>
    /// <param name="Dropped">A sync of it has failed.</param>
    private sealed record NameChange(DiskNode Node, string? Path, string Directory, bool Dropped = false);
}

/// <summary>A file, or a directory without content.</summary>
internal sealed class DiskNode(DiskContent? content)
{
    public DiskContent? Content { get; set; } = content;

    /// <summary>Null when the device has no name for it.</summary>
    public string? DevicePath { get; set; }
}

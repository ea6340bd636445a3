namespace Outheis.Tidy.Reading;

/// <summary>The text files that belong to the repository: from the disk, or made up by a test.</summary>
internal sealed class Repository
{
    private const long FileBytesMax = 4 << 20;

    private readonly Dictionary<string, SourceFile> _byPath;

    private Repository(IEnumerable<SourceFile> files, IEnumerable<string> topLevel)
    {
        Files = [.. files.OrderBy(static f => f.Path, StringComparer.Ordinal)];
        TopLevel = [.. topLevel.Order(StringComparer.Ordinal)];
        _byPath = Files.ToDictionary(static f => f.Path);
    }

    /// <summary>This repository, read once.</summary>
    public static Repository OnDisk { get; } = Load(FindRoot());

    public IReadOnlyList<SourceFile> Files { get; }

    /// <summary>Names of the files and folders at the root.</summary>
    public IReadOnlyList<string> TopLevel { get; }

    public static Repository Of(params (string Path, string Text)[] files) => new(
        files.Select(static f => new SourceFile(f.Path, f.Text)),
        files.Select(static f => f.Path.Split('/')[0]).Distinct());

    /// <summary>The C# files in some folders.</summary>
    public IEnumerable<SourceFile> Sources(params string[] folders) =>
        Files.Where(f => f.Is(".cs") && f.IsUnder(folders));

    public IEnumerable<SourceFile> Ending(string ending) => Files.Where(f => f.Is(ending));

    public SourceFile? Find(string path) => _byPath.GetValueOrDefault(path);

    public bool HasFolder(string path) => Files.Any(f => f.IsUnder(path));

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Outheis.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException(
                $"No folder above {AppContext.BaseDirectory} holds Outheis.sln.");
    }

    private static Repository Load(string root)
    {
        var ignored = Ignored.Read(Path.Combine(root, ".gitignore"));
        var files = new List<SourceFile>();
        var folders = new Stack<string>([root]);
        while (folders.TryPop(out string? folder))
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                if (ignored.Covers(entry))
                {
                    continue;
                }

                if (entry is DirectoryInfo)
                {
                    folders.Push(entry.FullName);
                }
                else if (
                    entry is FileInfo { Length: <= FileBytesMax } && ReadText(entry.FullName) is { } text)
                {
                    string path = Path.GetRelativePath(root, entry.FullName).Replace('\\', '/');
                    files.Add(new SourceFile(path, text));
                }
            }
        }

        var top = new DirectoryInfo(root).EnumerateFileSystemInfos().Where(e => !ignored.Covers(e));
        return new Repository(files, top.Select(static e => e.Name));
    }

    private static string? ReadText(string path)
    {
        string text = File.ReadAllText(path);
        return text.Contains('\0') ? null : text;
    }

    /// <summary>What git ignores, as far as our .gitignore needs it: names of folders and endings of
    /// files.</summary>
    private sealed class Ignored(HashSet<string> folders, List<string> endings)
    {
        public static Ignored Read(string path)
        {
            string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
            return new Ignored(
                [.. lines.Where(static l => l.EndsWith('/')).Select(static l => l.Trim('/')), ".git"],
                [.. lines.Where(static l => l.StartsWith('*')).Select(static l => l[1..])]);
        }

        public bool Covers(FileSystemInfo entry) => entry is DirectoryInfo
            ? folders.Contains(entry.Name)
            : entry.Name == ".git"      // a file in a linked working tree
                || endings.Exists(e => entry.Name.EndsWith(e, StringComparison.Ordinal));
    }
}

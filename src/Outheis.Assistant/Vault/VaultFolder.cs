namespace Outheis.Assistant;

/// <summary>What the vault is called. Says where it is, gives no access to it.</summary>
/// <param name="FullPath">From the root.</param>
/// <param name="Shown">As the user wrote it.</param>
internal sealed record VaultLabel(string FullPath, string Shown)
{
    /// <summary>A note's path as the user would write it from where he is.</summary>
    public string PathOf(string note) => Path.Combine(Shown, note).Replace('\\', '/');
}

/// <summary>
/// The vault, read only: who holds this object may list and read its notes, and nothing of it can write.
/// Hidden files and folders are not listed, nor are the folders the assistant itself writes to. Folders
/// behind links are not entered, and a link to a file counts only when the file lies in the vault too.
/// </summary>
internal sealed class VaultFolder
{
    private static readonly HashSet<string> MarkdownExtensions =
        new(StringComparer.OrdinalIgnoreCase) { ".md", ".markdown", ".mdown", ".mkd" };

    private static readonly HashSet<string> TextExtensions =
        new(StringComparer.OrdinalIgnoreCase) { ".txt", ".text", ".rst", ".org", ".adoc" };

    private readonly string _prefix;                    // the full path with a separator at its end
    private readonly HashSet<string> _ownFolders;       // full paths that are not part of the vault

    private VaultFolder(string fullPath, string shown, HashSet<string> ownFolders)
    {
        Label = new VaultLabel(fullPath, shown);
        _prefix = Path.EndsInDirectorySeparator(fullPath) ? fullPath : fullPath + Path.DirectorySeparatorChar;
        _ownFolders = ownFolders;
    }

    public VaultLabel Label { get; }

    public string FullPath => Label.FullPath;

    /// <summary>Opens <paramref name="folder"/>; the folders <paramref name="own"/> are left out where they
    /// lie inside.</summary>
    /// <exception cref="VaultException">It is missing, not a folder, or cannot be read.</exception>
    public static VaultFolder Open(string folder, params string[] own)
    {
        string shown = folder;
        if (File.Exists(folder)) throw new VaultException($"The vault {shown} is a file, not a folder.");
        if (!Directory.Exists(folder)) throw new VaultException($"The vault {shown} does not exist.");
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var ownFolders = own.Select(path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)))
            .ToHashSet(StringComparer.Ordinal);
        var vault = new VaultFolder(full, shown, ownFolders);
        try
        {
            using IEnumerator<string> first = Directory.EnumerateFileSystemEntries(full).GetEnumerator();
            first.MoveNext();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VaultException(
                $"The vault {shown} cannot be read: {FileFailure.Reason(error)}.", error);
        }

        return vault;
    }

    public static bool IsMarkdown(string path) => MarkdownExtensions.Contains(Path.GetExtension(path));

    /// <summary>Lists the notes in no particular order. What cannot be listed is named in <paramref
    /// name="skipped"/>.</summary>
    public List<NoteFile> List(List<SkippedFile> skipped, CancellationToken cancellationToken)
    {
        var notes = new List<NoteFile>();
        var folders = new Stack<DirectoryInfo>();
        folders.Push(new DirectoryInfo(FullPath));
        while (folders.TryPop(out DirectoryInfo? folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
                {
                    Visit(entry, folders, notes, skipped);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                skipped.Add(new SkippedFile(Relative(folder.FullName) + "/", FileFailure.Reason(error)));
            }
        }

        return notes;
    }

    /// <summary>The bytes of a note.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public byte[] Read(NoteFile note) => File.ReadAllBytes(_prefix + note.Path);

    /// <summary>Watches for changes from here on.</summary>
    public VaultWatch Watch() => new(FullPath);

    private void Visit(
        FileSystemInfo entry, Stack<DirectoryInfo> folders, List<NoteFile> notes, List<SkippedFile> skipped)
    {
        if (entry.Name.StartsWith('.')) return;
        if (entry is DirectoryInfo folder)
        {
            bool entered = folder.LinkTarget is null && !_ownFolders.Contains(folder.FullName);
            if (entered) folders.Push(folder);
            return;
        }

        string extension = Path.GetExtension(entry.Name);
        if (!MarkdownExtensions.Contains(extension) && !TextExtensions.Contains(extension)) return;

        string path = Relative(entry.FullName);
        var file = (FileInfo)entry;
        if ((file.Attributes & FileAttributes.ReparsePoint) != 0)
        {
            if (FollowInside(file) is not { } target)
            {
                skipped.Add(new SkippedFile(path, "it is a link to nothing in the vault"));
                return;
            }

            file = target;
        }

        notes.Add(new NoteFile(path, file.Length, file.LastWriteTimeUtc.Ticks));
    }

    private FileInfo? FollowInside(FileInfo link)
    {
        try
        {
            return link.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true } target
                && target.FullName.StartsWith(_prefix, StringComparison.Ordinal) ? target : null;
        }
        catch (IOException)
        {
            return null;        // a circle of links
        }
    }

    private string Relative(string fullPath)
    {
        string path = fullPath.Length < _prefix.Length ? "" : fullPath[_prefix.Length..];
        return Path.DirectorySeparatorChar == '/' ? path : path.Replace('\\', '/');
    }
}

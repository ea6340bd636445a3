using System.Text;

namespace Outheis.Assistant;

/// <summary>
/// One folder to write into, and nothing outside it: names with separators or dots in front are refused. A
/// file that is there stays as it is, and a new one appears whole or not at all.
/// </summary>
internal sealed class OutputFolder(string folder)
{
    private static readonly HashSet<string> DeviceNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
        "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
    };

    public string Folder { get; } = folder;

    /// <summary>Why nothing can be saved under this name, or null.</summary>
    public static string? Refusal(string name)
    {
        bool allowed = name.Length is > 0 and <= VaultLimits.SaveNameChars
            && name.All(static c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or ' ')
            && name[0] is not ('.' or ' ') && name[^1] is not ('.' or ' ')
            && !DeviceNames.Contains(name.Split('.')[0].TrimEnd());
        return allowed ? null
            : $"\"{name}\" cannot be the name of a saved answer: use letters, digits, spaces, '-', '_' and "
                + $"'.', not first a dot, at most {VaultLimits.SaveNameChars} characters.";
    }

    /// <summary>Writes a new file; without an extension it becomes a Markdown note.</summary>
    /// <returns>Its path, in the folder as it was given.</returns>
    /// <exception cref="VaultException">The name is refused or taken, or the disk refuses.</exception>
    public string Save(string name, string content)
    {
        if (Refusal(name) is { } refusal) throw new VaultException(refusal);
        string path = Path.Combine(Folder, Path.HasExtension(name) ? name : name + ".md");
        string draft = Path.Combine(Folder, $".{Path.GetRandomFileName()}.draft");
        try
        {
            Directory.CreateDirectory(Folder);
            if (Path.Exists(path)) throw Taken(path);
            try
            {
                WriteDurably(draft, content);
                File.Move(draft, path, overwrite: false);
            }
            catch
            {
                File.Delete(draft);
                throw;
            }

            return path;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VaultException(
                $"The answer could not be saved as {path}: {FileFailure.Reason(error)}.", error);
        }
    }

    /// <summary>Replaces a file by a new version of it, whole or not at all.</summary>
    /// <exception cref="IOException">The disk refuses; the old version is still there.</exception>
    public void Replace(string name, string content)
    {
        Directory.CreateDirectory(Folder);
        string path = Path.Combine(Folder, name), draft = path + ".draft";
        try
        {
            WriteDurably(draft, content);
            File.Move(draft, path, overwrite: true);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>What the file says, or null when it is not there or cannot be read.</summary>
    public string? TryRead(string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(Folder, name));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static VaultException Taken(string path) =>
        new($"{path} exists already: nothing was saved. Choose another name.");

    private static void WriteDurably(string path, string content)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        file.Write(Encoding.UTF8.GetBytes(content));
        file.Flush(flushToDisk: true);
    }
}

using System.Globalization;

namespace Outheis.Assistant;

/// <summary>Where the index of a vault lives: in the journal's folder, one file for each vault, never in the
/// vault.</summary>
internal static class IndexPlace
{
    public const string Folder = "index";

    public static string FileFor(string journalDirectory, string vaultFullPath)
    {
        string name = Path.GetFileName(vaultFullPath);
        string key = Fingerprint.Of(vaultFullPath).ToString("x16", CultureInfo.InvariantCulture);
        string readable = string.Concat(name.Where(char.IsAsciiLetterOrDigit).Take(24));
        return Path.Combine(journalDirectory, Folder, $"{readable}-{key}.db");
    }
}

namespace Outheis.Tidy.Reading;

/// <summary>One text file of the repository.</summary>
internal sealed class SourceFile
{
    private readonly Lazy<(string[] Code, string[] Comments, IReadOnlyList<Member> Members)> _split;

    public SourceFile(string path, string text)
    {
        Path = path;
        Text = text.ReplaceLineEndings("\n");
        Lines = Text.Split('\n');
        _split = new(() =>
        {
            (string code, string comments) = CodeSplit.Of(Text);
            return (code.Split('\n'), comments.Split('\n'), MemberScan.In(code));
        });
    }

    /// <summary>From the repository's root, with forward slashes.</summary>
    public string Path { get; }

    public string Text { get; }

    public string[] Lines { get; }

    /// <summary>Lines without comments and without the contents of strings.</summary>
    public string[] Code => _split.Value.Code;

    /// <summary>Lines of which only the comments are left.</summary>
    public string[] Comments => _split.Value.Comments;

    public IReadOnlyList<Member> Members => _split.Value.Members;

    public string Folder => Path.Contains('/') ? Path[..Path.LastIndexOf('/')] : "";

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The number of lines, not counting the empty one after the last line end.</summary>
    public int LineCount => Lines.Length - (Lines[^1].Length == 0 ? 1 : 0);

    public bool IsUnder(params ReadOnlySpan<string> folders)
    {
        foreach (string folder in folders)
        {
            if (Path.StartsWith(folder + "/", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    public bool Is(string ending) => Path.EndsWith(ending, StringComparison.Ordinal);

    public Finding At(int line, string text) => new(Path, line, text);
}

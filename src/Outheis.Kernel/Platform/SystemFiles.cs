namespace Outheis;

/// <summary>Small files in which Linux tells about itself, below a root that a test may put elsewhere. What is not
/// there, or may not be read, is null: other systems have none of them.</summary>
internal readonly record struct SystemFiles(string Root)
{
    public static SystemFiles OfThisMachine => new("/");

    /// <summary>The content of one.</summary>
    /// <param name="path">Its path from the root, with or without a slash before it.</param>
    public string? Read(string path)
    {
        try
        {
            string file = Path.Combine(Root, path.TrimStart('/'));
            return File.Exists(file) ? File.ReadAllText(file) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

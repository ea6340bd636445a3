namespace Outheis.Tests;

/// <summary>Real files below a folder that stands for the root of a machine.</summary>
internal sealed class FilesOnDisk : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("outheis-machine-").FullName;

    public SystemFiles Files => new(_root);

    public FilesOnDisk With(string path, string content)
    {
        string file = Path.Combine(_root, path.TrimStart('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return this;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}

namespace Outheis.Assistant.Tests;

/// <summary>A folder of one test; gone when the test is.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => FullPath = Directory.CreateTempSubdirectory("outheis-test-").FullName;

    public string FullPath { get; }

    public string PathOf(string relative) => Path.Combine(FullPath, relative);

    public string Write(string relative, string content) =>
        Write(relative, System.Text.Encoding.UTF8.GetBytes(content));

    public string Write(string relative, byte[] content)
    {
        string path = PathOf(relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(FullPath, recursive: true);
        }
        catch (IOException)
        {
            // A process of the test still holds a file; the system's own cleaning takes it.
        }
    }
}

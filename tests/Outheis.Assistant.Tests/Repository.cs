namespace Outheis.Assistant.Tests;

/// <summary>Where the tests find the repository, the built program and the real notes.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static string Configuration { get; } =
        AppContext.BaseDirectory.Contains(
            $"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            ? "Release" : "Debug";

    public static string Program { get; } =
        Path.Combine(Root, "src", "Outheis.Cli", "bin", Configuration, "net10.0", "outheis.dll");

    /// <summary>The real notes; skips the test that asks where they are absent.</summary>
    public static string RealVault
    {
        get
        {
            string path = Path.GetFullPath(Path.Combine(Root, "..", "shared", "data", "vault"));
            Assert.SkipUnless(Directory.Exists(path), $"The real notes are not at {path}.");
            return path;
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Outheis.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException("The tests run outside the repository.");
    }
}

namespace Outheis.Tests;

/// <summary>Files that lie beside the tests and are not copied.</summary>
internal static class Sources
{
    /// <summary>A folder of this project, wherever the tests were built.</summary>
    public static string Folder(params ReadOnlySpan<string> names)
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Outheis.sln")))
        {
            root = root.Parent;
        }

        return root is null
            ? throw new InvalidOperationException("The tests run outside the repository.")
            : Path.Combine([root.FullName, "tests", "Outheis.Kernel.Tests", .. names]);
    }
}

namespace Outheis.Testing.Xunit;

/// <summary>Finds what a test names by a path relative to its project.</summary>
internal static class JournalPath
{
    /// <summary>Looks beside the test assembly, where copied files are, and then in the project that it was built in:
    /// the nearest folder above with a project file.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder; names the places.</exception>
    public static string Resolve(string path)
    {
        string beside = Path.GetFullPath(path, AppContext.BaseDirectory);
        if (Directory.Exists(beside))
        {
            return beside;
        }

        string? project = AppContext.BaseDirectory;
        while (project is not null && !HasProject(project))
        {
            project = Path.GetDirectoryName(project);
        }

        string? inProject = project is null ? null : Path.GetFullPath(path, project);
        string places = inProject is null ? beside : $"{beside}, and no {inProject}";
        return inProject is not null && Directory.Exists(inProject) ? inProject : throw new DirectoryNotFoundException(
            $"There is no recorded journal {path}: no folder {places}. "
            + "Name the directory that the kernel was given, relative to the test's project.");
    }

    private static bool HasProject(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.csproj").Any();
}

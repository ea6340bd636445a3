using System.Xml.Linq;

namespace Outheis.Tidy.Reading;

/// <summary>What a project file says.</summary>
internal sealed class Project
{
    private readonly XDocument _xml;

    private Project(SourceFile file)
    {
        File = file;
        _xml = XDocument.Parse(file.Text, LoadOptions.SetLineInfo);
    }

    public SourceFile File { get; }

    public string Name => System.IO.Path.GetFileNameWithoutExtension(File.Name);

    public string Namespace => Property("RootNamespace") ?? Name;

    public bool IsProgram => Property("OutputType") == "Exe";

    /// <summary>Paths of the projects it references, from the root.</summary>
    public IEnumerable<(string Path, int Line)> References =>
        Items("ProjectReference").Select(i => (Resolve(File.Folder, i.Value), i.Line));

    public IEnumerable<(string Name, int Line)> Packages => Items("PackageReference");

    public IEnumerable<(string Name, int Line)> Friends => Items("InternalsVisibleTo");

    public static IReadOnlyList<Project> In(Repository repository) =>
        [.. repository.Ending(".csproj").Select(static f => new Project(f))];

    /// <summary>A path as seen from a folder, from the root.</summary>
    public static string Resolve(string folder, string path)
    {
        var parts = new List<string>(folder.Split('/', StringSplitOptions.RemoveEmptyEntries));
        foreach (string part in path.Replace('\\', '/').Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    private string? Property(string name) => _xml.Descendants(name).FirstOrDefault()?.Value;

    private IEnumerable<(string Value, int Line)> Items(string name) =>
        from item in _xml.Descendants(name)
        let include = item.Attribute("Include")
        where include is not null
        select (include.Value, ((System.Xml.IXmlLineInfo)item).LineNumber);
}

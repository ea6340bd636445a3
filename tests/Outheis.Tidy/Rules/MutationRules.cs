using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>Each seeded bug of tests/Mutations can still be seeded: a mutant that no longer applies tests
/// nothing.</summary>
internal static class MutationRules
{
    private static readonly string[] s_fields = ["Bug", "Rule", "Layer"];

    public static readonly Rule Heading = new("mutation headings", static r =>
        from file in Patches(r)
        let patch = new Patch(file)
        from field in s_fields
        where patch.Field(field).Length == 0
        select file.At(1, $"has no line '{field}:': say what the bug is, what it breaks, and who is to catch it"));

    public static readonly Rule Fit = new("mutations", static r =>
        from file in Patches(r)
        from found in Misfits(r, file, new Patch(file))
        select found);

    public static readonly Rule[] All = [Heading, Fit];

    private static IEnumerable<SourceFile> Patches(Repository repository) =>
        repository.Ending(".patch").Where(static f => f.IsUnder("tests/Mutations"));

    private static IEnumerable<Finding> Misfits(Repository repository, SourceFile file, Patch patch)
    {
        if (repository.Find(patch.Target) is not { } target || !target.IsUnder("src"))
        {
            return [file.At(1, $"'{patch.Target}' is no file under src: seed the bug where its code is now")];
        }

        return patch.Hunks.Count == 0
            ? [file.At(1, "changes nothing")]
            : from hunk in patch.Hunks
              let places = hunk.Fits(target.Lines)
              where places != 1 || !hunk.ChangesSomething
              select file.At(hunk.Line, places == 0
                  ? $"fits nowhere in {target.Path}: what it changes was edited, so seed the bug anew"
                  : places > 1 ? $"fits in {places} places of {target.Path}: give it more context"
                  : "changes nothing");
    }
}

using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>One rule of the house: a name, and what in a repository breaks it.</summary>
internal sealed record Rule(string Name, Func<Repository, IEnumerable<Finding>> Check)
{
    public static IReadOnlyList<Rule> All { get; } =
    [
        .. LengthRules.All, .. WordRules.All, .. AsyncRules.All, .. DependencyRules.All, .. FenceRules.All,
        .. LimitsRules.All, .. DocumentRules.All, .. LayoutRules.All, .. MutationRules.All,
    ];

    /// <summary>What breaks the rule and has no exemption.</summary>
    public IReadOnlyList<Finding> Breaches(Repository repository) =>
        [.. Check(repository).Where(found => !Exemption.All.Any(e => e.Covers(this, found, repository)))];
}

using Outheis.Tidy.Reading;
using Outheis.Tidy.Rules;
using Xunit;

namespace Outheis.Tidy;

/// <summary>This repository keeps every rule.</summary>
public sealed class TidyTests
{
    [Fact] public void Files_AreShort() => Holds(LengthRules.Files);

    [Fact] public void Methods_AreShort() => Holds(LengthRules.Methods);

    [Fact] public void Lines_AreShort() => Holds(LengthRules.Lines);

    [Fact] public void FileNames_SayWhatTheFileDoes() => Holds(WordRules.FileNames);

    [Fact] public void Code_HasNoVolatileKeyword() => Holds(WordRules.Volatile);

    [Fact] public void Code_HasNoRegions() => Holds(WordRules.Regions);

    [Fact] public void Code_IsNotConditional() => Holds(WordRules.Conditions);

    [Fact] public void Comments_HoldNoWorkLeft() => Holds(WordRules.Notes);

    [Fact] public void Shipped_NeverBlocks() => Holds(AsyncRules.Blocking);

    [Fact] public void Kernel_IsSynchronous() => Holds(AsyncRules.Methods);

    [Fact] public void References_PointOneWay() => Holds(DependencyRules.References);

    [Fact] public void Kernel_NeedsNoPackageButObjectPool() => Holds(DependencyRules.Packages);

    [Fact] public void Internals_AreForTests() => Holds(DependencyRules.Friends);

    [Fact] public void Namespaces_PointOneWay() => Holds(DependencyRules.Usings);

    [Fact] public void Projects_HaveNoCycle() => Holds(DependencyRules.Cycles);

    [Fact] public void Shipped_ReferencesOnlyShipped() => Holds(DependencyRules.Direction);

    [Fact] public void Fences_HavePartners() => Holds(FenceRules.Partners);

    [Fact] public void Fences_AreInTheMemoryModel() => Holds(FenceRules.Documented);

    [Fact] public void Limits_BoundSomething() => Holds(LimitsRules.Used);

    [Fact] public void Links_LeadSomewhere() => Holds(DocumentRules.Links);

    [Fact] public void Promises_NameTheirTests() => Holds(DocumentRules.Promises);

    [Fact] public void ReadmeCode_IsASampleThatCompiles() => Holds(DocumentRules.Samples);

    [Fact] public void TopLevel_IsAsAgreed() => Holds(LayoutRules.TopLevel);

    [Fact] public void Solution_HoldsEveryProject() => Holds(LayoutRules.Projects);

    [Fact] public void Text_NamesNoPathOfOneMachine() => Holds(LayoutRules.Paths);

    [Fact] public void Text_NamesNoRegistry() => Holds(LayoutRules.Hosts);

    [Fact] public void Libraries_ListTheirPublicApi() => Holds(LayoutRules.PublicApi);

    [Fact] public void Mutations_SayWhatTheyBreak() => Holds(MutationRules.Heading);

    [Fact] public void Mutations_StillApply() => Holds(MutationRules.Fit);

    [Fact]
    public void Exemptions_AreAllNeeded()
    {
        Repository repository = Repository.OnDisk;
        IEnumerable<Exemption> idle = Exemption.All.Where(e =>
            !Rule.All.Any(rule => rule.Check(repository).Any(found => e.Covers(rule, found, repository))));
        Assert.True(!idle.Any(), "Not needed, take them out of Exemption.cs:\n" + string.Join('\n', idle));
    }

    [Fact]
    public void Exemptions_GiveReasons() =>
        Assert.All(Exemption.All, static e => Assert.True(e.Reason.Length > 20, e.ToString()));

    private static void Holds(Rule rule)
    {
        IReadOnlyList<Finding> breaches = rule.Breaches(Repository.OnDisk);
        Assert.True(
            breaches.Count == 0, $"{rule.Name}: {breaches.Count} to mend\n" + string.Join('\n', breaches));
    }
}

using System.Reflection;
using FsCheck;
using FsCheck.Fluent;
using Outheis.Supervision;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Testing.Tests.Generators;

/// <summary>What the generators promise: values within their bounds, and shrinkers that come to an end at the simplest.
/// </summary>
public sealed class GeneratorTests
{
    private const int Samples = 300;

    private static List<T> Sample<T>(Gen<T> generator) => [.. generator.Sample(Samples, 60)];

    /// <summary>Takes the first smaller value again and again; any value that cannot be made smaller is where a failing
    /// case that always fails would end.</summary>
    private static T Simplest<T>(T value, Func<T, IEnumerable<T>> shrink)
    {
        for (int steps = 0; shrink(value).Take(1).ToArray() is [T smaller]; steps++)
        {
            Assert.True(steps < 10_000, $"{value} shrinks for ever");
            value = smaller;
        }

        return value;
    }

    [Fact]
    public void NumberedMessage_Samples_AreOfEveryKindAndShrinkToASmallZero()
    {
        List<NumberedMessage> samples = Sample(NumberedMessage.Generator);
        Assert.Equal(Enum.GetValues<CarriageKind>(), samples.Select(sample => sample.Kind).Distinct().Order());
        Assert.All(samples, sample => Assert.True(sample.Number >= 0));
        Assert.All(samples, sample => Assert.Equal(
            new NumberedMessage(CarriageKind.Small, 0), Simplest(sample, NumberedMessage.Shrink)));
    }

    [Fact]
    public void ChannelCapacity_Samples_AreValidAndShrinkToOne()
    {
        List<ChannelCapacity> samples = Sample(ChannelCapacity.Generator);
        Assert.All(samples, sample => Assert.InRange(sample.Messages, 1, Limits.ChannelMessagesMax));
        Assert.All(samples, sample => Assert.Equal(1, Simplest(sample, ChannelCapacity.Shrink).Messages));
    }

    [Fact]
    public void ChannelCommand_Samples_DoSomethingAndShrinkToOneSend()
    {
        List<ChannelCommand> samples = Sample(ChannelCommand.Generator);
        Assert.All(samples, sample => Assert.True(sample.Count > 0));
        Assert.All(samples, sample => Assert.Equal(
            new ChannelCommand(ChannelVerb.Send, 1), Simplest(sample, ChannelCommand.Shrink)));
    }

    [Fact]
    public void CapabilityCommand_Samples_StayInThePopulationAndShrinkToABareGrant()
    {
        List<CapabilityCommand> samples = Sample(CapabilityCommand.Generator);
        Assert.Equal(Enum.GetValues<CapabilityVerb>(), samples.Select(sample => sample.Verb).Distinct().Order());
        Assert.All(samples, sample => Assert.InRange(sample.Agent, 0, CapabilityCommand.Agents - 1));
        Assert.All(samples, sample => Assert.InRange(sample.ActorOf(holder: 3), 0, CapabilityCommand.Agents - 1));
        Assert.All(samples, sample => Assert.Equal(
            new CapabilityCommand(CapabilityVerb.Grant, 0, CapabilityCommand.Agents, 0, Rights.None, 0),
            Simplest(sample, CapabilityCommand.Shrink)));
    }

    [Fact]
    public void Rights_Shrunk_AreAlwaysFewer()
    {
        foreach (Rights rights in Enumerable.Range(0, 8).Select(bits => (Rights)bits))
        {
            Assert.All(CapabilityCommand.Shrink(rights), fewer =>
                Assert.True(fewer != rights && (fewer & ~rights) == 0, $"{fewer} of {rights}"));
        }
    }

    [Fact]
    public void SupervisionHistory_Samples_HitThePeriodAndShrinkToNothing()
    {
        List<SupervisionHistory> samples = Sample(SupervisionHistory.Generator);
        Assert.Contains(samples, sample => sample.Exits.Any(exit => exit.After == sample.Options.Period));
        Assert.Equal(Enum.GetValues<Restart>(), samples.Select(sample => sample.Options.Restart).Distinct().Order());
        Assert.All(samples, sample =>
        {
            SupervisionHistory simplest = Simplest(sample, SupervisionHistory.Shrink);
            Assert.Empty(simplest.Exits);
            Assert.Equal(0, simplest.Options.Intensity);
        });
    }

    [Fact]
    public void SupervisionHistory_OfOneExit_ShrinksItsTimeChildAndKind()
    {
        var exit = new ChildExit(TimeSpan.FromMilliseconds(8), 2, ExitKind.Error);
        ChildExit[] smaller = [.. SupervisionHistory
            .Shrink(new SupervisionHistory(new SupervisorOptions { Intensity = 0 }, [exit]))
            .SelectMany(history => history.Exits)];
        Assert.Contains(exit with { After = TimeSpan.Zero }, smaller);
        Assert.Contains(exit with { Child = 0 }, smaller);
        Assert.Contains(exit with { Kind = ExitKind.Normal }, smaller);
    }

    [Fact]
    public void FaultSchedule_Samples_BeginWithinTheTestAndShrinkToNone()
    {
        Gen<FaultSchedule> stalls = FaultSchedule.Over(10, FaultKind.CoreStalls);
        Assert.All(Sample(stalls).SelectMany(sample => sample.Faults), fault =>
        {
            Assert.InRange(fault.AtStep, 0, 9);
            Assert.Equal(FaultKind.CoreStalls, fault.Kind);
            Assert.True(fault.IsAt(fault.AtStep) && !fault.IsAt(fault.AtStep + fault.Steps));
        });
        Assert.All(
            Sample(FaultSchedule.Generator), sample => Assert.Empty(Simplest(sample, FaultSchedule.Shrink).Faults));
        var one = new Fault(4, FaultKind.DiskFull, 3, 2);
        Assert.Equal([one], new FaultSchedule([one]).At(5));
        Assert.Empty(FaultSchedule.None.At(0));
    }

    [Fact]
    public void RunSeed_Shrunk_KeepsItsSeed()
    {
        Assert.All(Sample(RunSeed.Generator), sample =>
        {
            Assert.InRange(sample.Cores, 1, 4);
            Assert.Equal(
                new RunSeed(sample.Seed, 1, new ChannelCapacity(1)), Simplest(sample, RunSeed.Shrink));
            KernelOptions options = sample.ToKernelOptions();
            Assert.Equal(
                (sample.Seed, sample.Cores, sample.Capacity.Messages),
                (options.Seed, options.Cores, options.ChannelCapacity));
            Assert.Equal(new Choices(sample.Seed).Draw(1 << 30), sample.ToChoices().Draw(1 << 30));
        });
    }

    [Fact]
    public void Decisions_Begun_AreTheRecordAndThenZeros()
    {
        var decisions = new Decisions([7, 3]);
        foreach (Choices choices in (Choices[])[decisions.Begin(), decisions.Begin()])
        {
            Assert.Equal((2, 3, 0), (choices.Draw(5), choices.Draw(5), choices.Draw(5)));
        }

        Assert.All(Sample(Decisions.Generator), sample => Assert.Empty(Simplest(sample, Decisions.Shrink).Recorded));
        Assert.Contains(
            Decisions.Shrink(new Decisions([9])), smaller => smaller.Recorded is [0]);
    }

    [Fact]
    public void Interleaving_Shrunk_HasFewerStepsOrFewerChangesOrLowerActors()
    {
        foreach (Interleaving sample in Sample(Interleaving.Of(3)).Where(sample => sample.Actors.Count < 30))
        {
            Assert.All(sample.Actors, actor => Assert.InRange(actor, 0, 2));
            Assert.All(Interleaving.Shrink(sample), smaller => Assert.True(
                smaller.Actors.Count < sample.Actors.Count || smaller.Actors.Sum() < sample.Actors.Sum(),
                $"{smaller} after {sample}"));
            Assert.Empty(Simplest(sample, Interleaving.Shrink).Actors);
        }

        Assert.Contains(
            Interleaving.Shrink(new Interleaving([0, 2, 0])), smaller => smaller.Actors is [0, 0, 0]);
    }

    [Fact]
    public void JournalCommand_Samples_StayInTheirLanesAndShrinkToAnEmptyAppend()
    {
        Assert.All(Sample(JournalCommand.Generator), sample =>
        {
            Assert.InRange(sample.Lane, 0, JournalCommand.Lanes - 1);
            Assert.Equal(
                new JournalCommand(JournalVerb.Append, 0, 0), Simplest(sample, JournalCommand.Shrink));
        });
        Assert.Equal(
            (7, 700),
            (new JournalCommand(JournalVerb.Append, 0, 7).PayloadBytes,
                new JournalCommand(JournalVerb.AppendLong, 0, 7).PayloadBytes));
    }

    /// <summary>Nothing that can be generated is missing from what a property names.</summary>
    [Fact]
    public void KernelArbitraries_OfTheWholePackage_HaveEveryGenerator()
    {
        IEnumerable<Type> generated = typeof(KernelArbitraries).Assembly.GetExportedTypes()
            .Where(type => type.GetProperty("Generator", BindingFlags.Static | BindingFlags.Public) is not null);
        Type[] offered = [.. typeof(KernelArbitraries).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Select(method => method.ReturnType.GetGenericArguments()[0])];
        Assert.Empty(generated.Except(offered));
        Assert.Equal(offered.Distinct(), offered);
        Assert.Equal([Qos.Default], KernelArbitraries.Qualities().Shrinker(Qos.Utility));
        Assert.Empty(KernelArbitraries.Qualities().Shrinker(Qos.Default));
    }
}

using Xunit;

namespace Outheis.Testing.Tests;

/// <summary>A failure is repeated exactly, and made shorter.</summary>
public sealed class ShrinkerTests
{
    /// <summary>Fails once two certain acts came one after the other, whatever else happened.</summary>
    private sealed class Picky : Workload
    {
        public override string Name => "picky";

        public override string Promise => "never seven after three";

        protected internal override void Run(WorkloadRun run)
        {
            Simulation simulation = run.Start();
            int before = 0, left = 400;
            simulation.AddActor("picker", () =>
            {
                int now = run.Choices.Draw(10);
                simulation.Require((before, now) != (3, 7), "three seven", $"after {400 - left} acts.");
                before = now;
                return --left > 0;
            });
            simulation.RunToEnd();
        }
    }

    [Fact]
    public void Repeat_WhatWasDrawn_FailsAtTheSameStep()
    {
        SimulationFailedException failure = FirstFailure(out ulong seed);
        SimulationFailedException again = WorkloadRunner.Run(new Picky(), seed).Failure!;
        SimulationFailedException repeated = WorkloadRunner.Repeat(new Picky(), failure.Drawn).Failure!;
        Assert.Equal((failure.Message, failure.Step), (again.Message, again.Step));
        Assert.Equal((failure.Promise, failure.Step), (repeated.Promise, repeated.Step));
        Assert.Equal(failure.Drawn, repeated.Drawn);
    }

    [Fact]
    public void Shorten_ALongFailure_IsTheShortestOfTheSameKind()
    {
        SimulationFailedException failure = FirstFailure(out _);
        SimulationFailedException shorter = WorkloadRunner.Shorten(new Picky(), failure, runsMost: 2000);
        Assert.Equal("three seven", shorter.Promise);
        Assert.True(shorter.Step <= 3, $"{failure.Step} to {shorter.Step}");
        Assert.True(shorter.Drawn.Count < 40, $"{failure.Drawn.Count} to {shorter.Drawn.Count}");
        Assert.Equal(shorter.Step, WorkloadRunner.Repeat(new Picky(), shorter.Drawn).Failure!.Step);
    }

    [Fact]
    public void Shorten_AThreshold_LowersTheChoiceToIt()
    {
        SimulationFailedException failure = WorkloadRunner.Run(new Threshold(), 3).Failure!;
        SimulationFailedException shorter = WorkloadRunner.Shorten(new Threshold(), failure);
        Assert.Equal(137, shorter.Drawn.Max());
        Assert.Single(shorter.Drawn, static choice => choice > 0);
    }

    /// <summary>Fails for one choice of a thousand and up.</summary>
    private sealed class Threshold : Workload
    {
        public override string Name => "threshold";

        public override string Promise => "no choice above 136";

        protected internal override void Run(WorkloadRun run)
        {
            Simulation simulation = run.Start(new SimulationOptions());
            simulation.Require(run.Choices.Draw(1000) < 137, "low", "it is not.");
        }
    }

    [Fact]
    public void Shorten_ARepetitionNeverEnds_IsGivenUpSoonAndNotTakenForTheSameFailure()
    {
        var workload = new Endless();
        SimulationFailedException failure = WorkloadRunner.Run(workload, FirstSeedThatFailsEarly()).Failure!;
        workload.StepsMost = 0;
        SimulationFailedException shorter = WorkloadRunner.Shorten(workload, failure);
        Assert.Equal("odd", shorter.Promise);
        Assert.InRange(workload.StepsMost, shorter.Step, 1000);
    }

    private static ulong FirstSeedThatFailsEarly()
    {
        for (ulong seed = 1; ; seed++)
        {
            if (WorkloadRunner.Run(new Endless(), seed).Failure!.Promise == "odd")
            {
                return seed;
            }
        }
    }

    /// <summary>Fails soon when it drew an odd number, and never comes to rest otherwise.</summary>
    private sealed class Endless : Workload
    {
        public long StepsMost { get; set; }

        public override string Name => "endless";

        public override string Promise => "none";

        protected internal override void Run(WorkloadRun run)
        {
            Simulation simulation = run.Start(new SimulationOptions { StepsMost = 20_000 });
            bool isOdd = run.Choices.Draw(1000) % 2 == 1;
            simulation.AddActor("restless", () =>
            {
                StepsMost = Math.Max(StepsMost, simulation.Steps);
                simulation.Require(!isOdd || simulation.Steps < 50, "odd", "it is.");
                return true;
            });
            simulation.RunToEnd();
        }
    }

    [Fact]
    public void Run_AWorkloadThrows_IsAFailureWithItsName()
    {
        WorkloadResult result = WorkloadRunner.Run(new Buggy(), 5);
        Assert.Equal(nameof(InvalidDataException), result.Failure!.Promise);
        Assert.Contains("seed=5", result.Failure.Message, StringComparison.Ordinal);
    }

    private sealed class Buggy : Workload
    {
        public override string Name => "buggy";

        public override string Promise => "none";

        protected internal override void Run(WorkloadRun run)
        {
            run.Start();
            throw new InvalidDataException("bug");
        }
    }

    private static SimulationFailedException FirstFailure(out ulong seed)
    {
        for (seed = 1; seed < 100; seed++)
        {
            if (WorkloadRunner.Run(new Picky(), seed).Failure is { Step: > 20 } failure)
            {
                return failure;
            }
        }

        throw new InvalidOperationException("no seed fails late");
    }
}

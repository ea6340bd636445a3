using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>What goes wrong.</summary>
public enum FaultKind
{
    /// <summary>Much time passes at once, as on a machine that slept: timeouts are due.</summary>
    TimePasses,

    /// <summary>A handler of the agent throws.</summary>
    HandlerThrows,

    /// <summary>The core of the agent makes no pass for some steps.</summary>
    CoreStalls,

    /// <summary>The disk has no room for some steps.</summary>
    DiskFull,
}

/// <summary>One thing that goes wrong.</summary>
/// <param name="AtStep">When, in steps of the test from 0.</param>
/// <param name="Kind">What.</param>
/// <param name="Agent">To whom: take it modulo the number of agents.</param>
/// <param name="Steps">For how long, from 1.</param>
public readonly record struct Fault(int AtStep, FaultKind Kind, int Agent, int Steps)
{
    /// <summary>Whether it is under way at a step.</summary>
    /// <param name="step">From 0.</param>
    public bool IsAt(int step) => step >= AtStep && step < AtStep + Steps;
}

/// <summary>What goes wrong during a test, and when.</summary>
/// <param name="Faults">In any order; several may be under way at a time.</param>
public sealed record FaultSchedule(IReadOnlyList<Fault> Faults)
{
    /// <summary>Steps within which the default schedule's faults begin.</summary>
    public const int DefaultSteps = 200;

    /// <summary>Faults of every kind within <see cref="DefaultSteps"/>; the larger the size, the more.</summary>
    public static Gen<FaultSchedule> Generator { get; } = Over(DefaultSteps, Enum.GetValues<FaultKind>());

    /// <summary>Nothing goes wrong.</summary>
    public static FaultSchedule None { get; } = new([]);

    /// <summary>Faults of some kinds.</summary>
    /// <param name="steps">How long the test is.</param>
    /// <param name="kinds">At least one.</param>
    public static Gen<FaultSchedule> Over(int steps, params FaultKind[] kinds) =>
        Gen.ArrayOf(
            from at in Gen.Choose(0, steps - 1)
            from kind in Gen.Elements(kinds)
            from agent in Gen.Choose(0, 7)
            from length in Gen.Choose(1, 20)
            select new Fault(at, kind, agent, length)).Select(faults => new FaultSchedule(faults));

    /// <summary>The faults that are under way at a step.</summary>
    /// <param name="step">From 0.</param>
    public IEnumerable<Fault> At(int step) => Faults.Where(fault => fault.IsAt(step));

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Faults);

    /// <summary>Fewer faults; then earlier, shorter ones of the first agent.</summary>
    public static IEnumerable<FaultSchedule> Shrink(FaultSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return Smaller.Lists(schedule.Faults, Simpler).Select(faults => new FaultSchedule(faults));

        static IEnumerable<Fault> Simpler(Fault fault) =>
            Smaller.Numbers(fault.AtStep).Select(step => fault with { AtStep = step })
                .Concat(Smaller.Numbers(fault.Agent).Select(agent => fault with { Agent = agent }))
                .Concat(Smaller.Numbers(fault.Steps, least: 1)
                    .Select(steps => fault with { Steps = steps }));
    }
}

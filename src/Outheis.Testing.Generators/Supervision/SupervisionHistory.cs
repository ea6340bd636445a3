using FsCheck;
using FsCheck.Fluent;
using Outheis.Supervision;

namespace Outheis.Testing.Generators;

/// <summary>One end of a supervised child.</summary>
/// <param name="After">Since the end before.</param>
/// <param name="Child">Which child, from 0 to <see cref="SupervisionHistory.Children"/> - 1.</param>
/// <param name="Kind">How it ends.</param>
public readonly record struct ChildExit(TimeSpan After, int Child, ExitKind Kind);

/// <summary>What a supervisor lives through: how it is to decide, and the ends that it hears of.</summary>
/// <param name="Options">How it decides.</param>
/// <param name="Exits">In order. An end of a child that does not live any more does not happen.</param>
public sealed record SupervisionHistory(SupervisorOptions Options, IReadOnlyList<ChildExit> Exits)
{
    /// <summary>Size of the family.</summary>
    public const int Children = 3;

    /// <summary>Any policy with a low intensity; ends that come at once, by chance, and exactly when the period is
    /// over or a millisecond beside that.</summary>
    public static Gen<SupervisionHistory> Generator { get; } =
        from restart in Gen.Elements(Enum.GetValues<Restart>())
        from intensity in Gen.Choose(0, 4)
        from period in Gen.Choose(1, 200)
        from exits in Gen.ArrayOf(ExitGenerator(period))
        select new SupervisionHistory(
            new SupervisorOptions
            {
                Restart = restart,
                Intensity = intensity,
                Period = TimeSpan.FromMilliseconds(period),
            }, exits);

    /// <inheritdoc/>
    public override string ToString() => $"{Options}: {string.Join(", ", Exits)}";

    /// <summary>Fewer ends, then sooner ones of the first child.</summary>
    public static IEnumerable<SupervisionHistory> Shrink(SupervisionHistory history)
    {
        ArgumentNullException.ThrowIfNull(history);
        return Smaller.Lists(history.Exits, Simpler).Select(exits => history with { Exits = exits })
            .Concat(Smaller.Numbers(history.Options.Intensity).Select(intensity =>
                history with { Options = history.Options with { Intensity = intensity } }));

        static IEnumerable<ChildExit> Simpler(ChildExit exit) =>
            Smaller.Numbers(exit.Child).Select(child => exit with { Child = child })
                .Concat(Smaller.Times(exit.After).Select(after => exit with { After = after }))
                .Concat(Smaller.Values(exit.Kind).Select(kind => exit with { Kind = kind }));
    }

    private static Gen<ChildExit> ExitGenerator(int period) =>
        from after in Gen.Frequency(
            (2, Gen.Constant(0)), (3, Gen.Choose(0, period)),
            (5, Gen.Elements(period - 1, period, period, period + 1)))
        from child in Gen.Choose(0, Children - 1)
        from kind in Gen.Frequency(
            (4, Gen.Constant(ExitKind.Error)), (1, Gen.Constant(ExitKind.Normal)),
            (1, Gen.Constant(ExitKind.Shutdown)))
        select new ChildExit(TimeSpan.FromMilliseconds(after), child, kind);
}

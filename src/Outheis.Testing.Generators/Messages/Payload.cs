using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>
/// A numbered message of any kind of carriage. Everything in the message follows from the number, so a receiver can
/// tell whether it came whole. Send it by <see cref="PayloadWays"/>, receive it with a <see cref="PayloadReceiver"/>.
/// </summary>
/// <param name="Kind">How it travels.</param>
/// <param name="Number">What it says.</param>
public readonly record struct Payload(CarriageKind Kind, long Number)
{
    /// <summary>Any kind, any number that is not negative.</summary>
    public static Gen<Payload> Generator { get; } =
        from kind in Gen.Elements(Enum.GetValues<CarriageKind>())
        from number in Gen.Choose(0, int.MaxValue)
        select new Payload(kind, number);

    /// <summary>Small ones with low numbers are the simplest.</summary>
    public static IEnumerable<Payload> Shrink(Payload payload) =>
        Smaller.Values(payload.Kind).Select(kind => payload with { Kind = kind })
            .Concat(Smaller.Numbers(payload.Number).Select(number => payload with { Number = number }));

    /// <summary>The message of this number as one of <see cref="CarriageKind.Wide"/>.</summary>
    public WideMessage ToWide() => new(Number, ~Number, Number + 1, Number + 2, Number + 3, -Number);

    /// <summary>The message of this number as one of <see cref="CarriageKind.Boxed"/>.</summary>
    public BoxedMessage ToBoxed() => new(Number, ~Number, Number + 1, Number + 2, Number + 3, Number + 4, -Number);

    /// <summary>The message of this number as one of <see cref="CarriageKind.Named"/>.</summary>
    public NamedMessage ToNamed() => new(Number, Number.ToString(CultureInfo.InvariantCulture));
}

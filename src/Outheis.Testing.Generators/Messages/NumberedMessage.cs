using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>
/// A numbered message of any kind of carriage. Everything in the message follows from the number, so a receiver can
/// tell whether it came whole. Send it by <see cref="MessageWays"/>, receive it with a <see cref="MessageReceiver"/>.
/// </summary>
/// <param name="Kind">How it travels.</param>
/// <param name="Number">What it says.</param>
public readonly record struct NumberedMessage(CarriageKind Kind, long Number)
{
    /// <summary>Any kind, any number that is not negative.</summary>
    public static Gen<NumberedMessage> Generator { get; } =
        from kind in Gen.Elements(Enum.GetValues<CarriageKind>())
        from number in Gen.Choose(0, int.MaxValue)
        select new NumberedMessage(kind, number);

    /// <summary>Small ones with low numbers are the simplest.</summary>
    public static IEnumerable<NumberedMessage> Shrink(NumberedMessage numbered) =>
        Smaller.Values(numbered.Kind).Select(kind => numbered with { Kind = kind })
            .Concat(Smaller.Numbers(numbered.Number).Select(number => numbered with { Number = number }));

    /// <summary>The message of this number as one of <see cref="CarriageKind.Wide"/>.</summary>
    public WideMessage ToWide() => new(Number, ~Number, Number + 1, Number + 2, Number + 3, -Number);

    /// <summary>The message of this number as one of <see cref="CarriageKind.Boxed"/>.</summary>
    public BoxedMessage ToBoxed() => new(Number, ~Number, Number + 1, Number + 2, Number + 3, Number + 4, -Number);

    /// <summary>The message of this number as one of <see cref="CarriageKind.Named"/>.</summary>
    public NamedMessage ToNamed() => new(Number, Number.ToString(CultureInfo.InvariantCulture));
}

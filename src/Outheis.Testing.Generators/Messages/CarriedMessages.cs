namespace Outheis.Testing.Generators;

/// <summary>How a message travels through the kernel: one value for each path.</summary>
public enum CarriageKind
{
    /// <summary>Inside the first cache line of its cell: <see cref="SmallMessage"/>.</summary>
    Small,

    /// <summary>Inside the cell, over both of its cache lines: <see cref="WideMessage"/>.</summary>
    Wide,

    /// <summary>A plain struct too long for the cell, in a pooled box: <see cref="BoxedMessage"/>.</summary>
    Boxed,

    /// <summary>A struct that holds a reference, in a pooled box: <see cref="NamedMessage"/>.</summary>
    Named,

    /// <summary>An object, by reference: <see cref="SharedMessage"/>.</summary>
    Shared,
}

/// <summary>Travels in the first cache line of its cell.</summary>
/// <param name="Number">Its content.</param>
public readonly record struct SmallMessage(long Number);

/// <summary>As long as a message inside a cell may be: its last word lies in the second cache line.</summary>
/// <param name="Number">Its content.</param>
/// <param name="Second">A word.</param>
/// <param name="Third">A word.</param>
/// <param name="Fourth">A word.</param>
/// <param name="Fifth">A word.</param>
/// <param name="Check">The last word.</param>
public readonly record struct WideMessage(
    long Number, long Second, long Third, long Fourth, long Fifth, long Check);

/// <summary>A word longer than fits a cell: travels in a pooled box, and the journal keeps its bytes.</summary>
/// <param name="Number">Its content.</param>
/// <param name="Second">A word.</param>
/// <param name="Third">A word.</param>
/// <param name="Fourth">A word.</param>
/// <param name="Fifth">A word.</param>
/// <param name="Sixth">A word.</param>
/// <param name="Check">The last word.</param>
public readonly record struct BoxedMessage(
    long Number, long Second, long Third, long Fourth, long Fifth, long Sixth, long Check);

/// <summary>A struct with a reference in it: travels in a pooled box, and the journal encodes it.</summary>
/// <param name="Number">Its content.</param>
/// <param name="Name">A text.</param>
public readonly record struct NamedMessage(long Number, string Name);

/// <summary>Travels as the object that it is.</summary>
/// <param name="Number">Its content.</param>
public sealed record SharedMessage(long Number);

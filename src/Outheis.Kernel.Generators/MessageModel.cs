using System.Collections.Immutable;

namespace Outheis.Generators;

// What the generator keeps between two builds of the same program: text alone, compared by value. Whatever leads to an
// equal model leads to the same file, which is then not written again.

/// <summary>A message type to register.</summary>
/// <param name="Type">As generated code names it.</param>
/// <param name="Name">In the journal; null: that of the type.</param>
/// <param name="Version">In the journal, from 1.</param>
/// <param name="Fields">Null: they are not known.</param>
internal sealed record MessageModel(string Type, string? Name, int Version, FieldList? Fields);

/// <summary>One field, and the way to it.</summary>
/// <param name="Name">With a dot between the fields of the way.</param>
/// <param name="Kind">A name in FieldKind, or one of the two below.</param>
/// <param name="SizeOf">The type whose size is its length; null where the kind says it.</param>
/// <param name="Length">In bytes, of a fixed buffer; otherwise 0.</param>
/// <param name="Values">Of an enum.</param>
/// <param name="Way">From the message to the field; empty: the message itself.</param>
internal sealed record FieldModel(
    string Name, string Kind, string? SizeOf, int Length, string? Values, StepList Way)
{
    public const string NativeInteger = "nint";
    public const string NativeUnsigned = "nuint";
}

/// <summary>From a struct to one of its fields.</summary>
/// <param name="Struct">As generated code names it.</param>
/// <param name="Field">Its name.</param>
/// <param name="Access">How generated code gets there.</param>
/// <param name="Accessor">Where the compiler would not let it through.</param>
internal sealed record StepModel(string Struct, string Field, StepAccess Access, AccessorModel? Accessor);

internal enum StepAccess
{
    /// <summary>By its name.</summary>
    Name,

    /// <summary>By its first element: a fixed buffer.</summary>
    Element,

    /// <summary>By an accessor that the run time fills in.</summary>
    Accessor,
}

/// <summary>A method without body, bound to the field by the run time. To a generic struct's it is that of a class as
/// generic as the struct.</summary>
/// <param name="Struct">With its type parameters.</param>
/// <param name="FieldType">With the struct's type parameters.</param>
/// <param name="Parameters">As in <c>&lt;T&gt;</c>; empty if the struct is not generic.</param>
/// <param name="Arguments">What stands for them.</param>
/// <param name="Constraints">As in <c>where T : struct</c>.</param>
internal sealed record AccessorModel(
    string Struct, string FieldType, string Parameters, string Arguments, string Constraints);

internal sealed class FieldList(ImmutableArray<FieldModel> items) : ValueList<FieldModel>(items);

internal sealed class StepList(ImmutableArray<StepModel> items) : ValueList<StepModel>(items);

internal sealed class MessageList(ImmutableArray<MessageModel> items) : ValueList<MessageModel>(items);

/// <summary>A list that equals another one with equal items.</summary>
internal abstract class ValueList<T>(ImmutableArray<T> items) : IEquatable<ValueList<T>>
{
    public ImmutableArray<T> Items => items;

    public bool Equals(ValueList<T>? other) => other is not null && items.SequenceEqual(other.Items);

    public override bool Equals(object? obj) => Equals(obj as ValueList<T>);

    public override int GetHashCode() => items.Length == 0 ? 0 : items.Length * 397 ^ items[0]!.GetHashCode();
}

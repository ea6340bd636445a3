using Microsoft.CodeAnalysis;

namespace Outheis.Generators;

/// <summary>Which field types the journal has a kind for.</summary>
internal static class FieldTypes
{
    public const string Bytes = "Bytes";

    private const int TupleFieldsMax = 7;      // an eighth lies in a tuple of its own

    /// <summary>A name in FieldKind; null: none but the type's bytes, or those of its fields.</summary>
    public static string? KindOf(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_SByte => "Int8",
        SpecialType.System_Byte => "UInt8",
        SpecialType.System_Int16 => "Int16",
        SpecialType.System_UInt16 => "UInt16",
        SpecialType.System_Int32 => "Int32",
        SpecialType.System_UInt32 => "UInt32",
        SpecialType.System_Int64 => "Int64",
        SpecialType.System_UInt64 => "UInt64",
        SpecialType.System_IntPtr => FieldModel.NativeInteger,
        SpecialType.System_UIntPtr => FieldModel.NativeUnsigned,
        SpecialType.System_Single => "Single",
        SpecialType.System_Double => "Double",
        SpecialType.System_Decimal => "Decimal",
        SpecialType.System_Boolean => "Boolean",
        SpecialType.System_Char => "Char",
        SpecialType.System_DateTime => "Time",
        _ => type is { ContainingType: null, ContainingNamespace.ContainingNamespace.IsGlobalNamespace: true }
            ? KindOf(type.ContainingNamespace.Name, type.MetadataName) : null,
    };

    /// <summary>A struct whose fields the compiler does not know as they are: an inline array, a nullable, and those of
    /// which the framework shows a dummy.</summary>
    public static bool IsOpaque(ITypeSymbol type) =>
        type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T }
            or INamedTypeSymbol { IsTupleType: true, TupleElements.Length: > TupleFieldsMax }
        || type.GetAttributes().Any(static a => a.AttributeClass is
        {
            Name: "InlineArrayAttribute", ContainingNamespace.Name: "CompilerServices",
        })
        || type.GetMembers().Any(static member => member.Name is "_dummy" or "_dummyPrimitive");

    public static int FixedElementBytes(ITypeSymbol element) => element.SpecialType switch
    {
        SpecialType.System_Boolean or SpecialType.System_Byte or SpecialType.System_SByte => 1,
        SpecialType.System_Char or SpecialType.System_Int16 or SpecialType.System_UInt16 => 2,
        SpecialType.System_Int32 or SpecialType.System_UInt32 or SpecialType.System_Single => 4,
        _ => 8,
    };

    private static string? KindOf(string space, string name) => (space, name) switch
    {
        ("System", "Int128" or "UInt128" or "Half" or "Guid") => name,
        ("System", "TimeSpan") => "Span",
        ("System", "DateTimeOffset") => "Offset",
        ("Outheis", "AgentId") => "Agent",
        _ => null,
    };
}

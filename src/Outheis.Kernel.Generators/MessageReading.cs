using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Outheis.Generators;

/// <summary>Reads message types. Of the fields that it cannot lead generated code to there is no layout at all: half of
/// one would mislead.</summary>
internal sealed class MessageReading(CSharpCompilation compilation)
{
    private const string Whole = ".";
    private const int NameBytesMax = 1024;      // as in the journal
    private const int FieldsMax = 1024;         // more than a layout in the journal has room for

    private readonly TypeNames _names = new(compilation);

    /// <summary>Null: nothing can or need be said about the type.</summary>
    public MessageModel? Read(ITypeSymbol type)
    {
        bool canRegister = compilation.LanguageVersion >= LanguageVersion.CSharp11
            && compilation.GetTypeByMetadataName("Outheis.MessageLayout") is not null && _names.CanName(type);
        if (!canRegister)
        {
            return null;
        }

        string? name = Attribute(type, "MessageNameAttribute") is string text && IsName(text) ? text : null;
        int version = Attribute(type, "MessageVersionAttribute") is ushort number and > 0 ? number : 1;
        FieldList? fields = HasReferences(type) ? null : Fields(type);
        return name is null && version == 1 && fields is null
            ? null : new MessageModel(_names.Of(type), name, version, fields);
    }

    private static bool IsName(string text) =>
        text.Length > 0 && !text.Any(char.IsControl) && Encoding.UTF8.GetByteCount(text) <= NameBytesMax;

    private static object? Attribute(ITypeSymbol type, string name) => type.GetAttributes()
        .FirstOrDefault(a => a.AttributeClass is { } found && found.Name == name && MessageTypes.IsOurs(found))
        ?.ConstructorArguments.FirstOrDefault().Value;

    private static bool HasReferences(ITypeSymbol type) => type switch
    {
        { TypeKind: TypeKind.Pointer or TypeKind.FunctionPointer or TypeKind.Enum } => false,
        { IsValueType: false } or { IsRefLikeType: true } or ITypeParameterSymbol => true,
        { SpecialType: not (SpecialType.None or SpecialType.System_Nullable_T) } => false,
        INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable =>
            HasReferences(nullable.TypeArguments[0]),
        _ => FieldsOf(type).Any(static field => HasReferences(field.Type)),
    };

    private static IEnumerable<IFieldSymbol> FieldsOf(ITypeSymbol type) =>
        TypeNames.Plain(type).GetMembers().OfType<IFieldSymbol>()
            .Where(static field => !field.IsStatic && !field.IsConst);

    private FieldList? Fields(ITypeSymbol message)
    {
        ImmutableArray<FieldModel>.Builder fields = ImmutableArray.CreateBuilder<FieldModel>();
        return TryAdd(message, Whole, [], fields) ? new FieldList(fields.ToImmutable()) : null;
    }

    /// <summary>Adds what lies at the end of the way: one field, or those of a struct.</summary>
    private bool TryAdd(
        ITypeSymbol type, string name, ImmutableArray<StepModel> way, ImmutableArray<FieldModel>.Builder fields)
    {
        if (fields.Count > FieldsMax)
        {
            return false;
        }

        ITypeSymbol integer = (type as INamedTypeSymbol)?.EnumUnderlyingType ?? type;
        if (FieldTypes.KindOf(integer) is { } kind)
        {
            string? values = type.TypeKind == TypeKind.Enum ? Values(type) : null;
            fields.Add(new FieldModel(name, kind, null, 0, values, new StepList(way)));
            return true;
        }

        if (FieldTypes.IsOpaque(type))
        {
            fields.Add(new FieldModel(name, FieldTypes.Bytes, _names.Of(type), 0, null, new StepList(way)));
            return true;
        }

        return type is INamedTypeSymbol { TypeKind: TypeKind.Struct } && FieldsOf(type).All(field =>
            TryAddField(field, name == Whole ? "" : name + ".", way, fields));
    }

    private bool TryAddField(
        IFieldSymbol field, string prefix, ImmutableArray<StepModel> way, ImmutableArray<FieldModel>.Builder fields)
    {
        string name = prefix + PlainName(field);
        if (Step(field) is not { } step)
        {
            return false;
        }

        if (!field.IsFixedSizeBuffer)
        {
            return TryAdd(field.Type, name, way.Add(step), fields);
        }

        int length = field.FixedSize * FieldTypes.FixedElementBytes(((IPointerTypeSymbol)field.Type).PointedAtType);
        fields.Add(new FieldModel(name, FieldTypes.Bytes, null, length, null, new StepList(way.Add(step))));
        return true;
    }

    /// <summary>Null: generated code cannot get there.</summary>
    private StepModel? Step(IFieldSymbol field)
    {
        INamedTypeSymbol owner = field.ContainingType;
        bool isVisible = field.CanBeReferencedByName
            && compilation.IsSymbolAccessibleWithin(field, compilation.Assembly);
        if (field.IsFixedSizeBuffer)
        {
            return isVisible && compilation.Options.AllowUnsafe
                ? new StepModel(_names.Of(owner), field.Name, StepAccess.Element, null) : null;
        }

        if (!_names.CanName(field.Type))
        {
            return null;
        }

        return isVisible ? new StepModel(_names.Of(owner), field.Name, StepAccess.Name, null)
            : _names.Accessor(field) is { } accessor
                ? new StepModel(_names.Of(owner), field.MetadataName, StepAccess.Accessor, accessor)
            : null;
    }

    /// <summary>That of the property or parameter, for the field behind one.</summary>
    private static string PlainName(IFieldSymbol field)
    {
        int end = field.Name.IndexOf('>');
        bool isMade = end > 1 && field.Name[0] == '<';
        return field.AssociatedSymbol?.Name ?? (isMade ? field.Name.Substring(1, end - 1) : field.Name);
    }

    private static string? Values(ITypeSymbol type)
    {
        string values = string.Join(",",
            from value in type.GetMembers().OfType<IFieldSymbol>()
            where value.HasConstantValue
            select FormattableString.Invariant($"{value.Name}={value.ConstantValue}"));
        return values.Length == 0 ? null : values;
    }
}

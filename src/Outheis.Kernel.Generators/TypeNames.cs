using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Outheis.Generators;

/// <summary>How generated code names types, and which it cannot name.</summary>
internal sealed class TypeNames(CSharpCompilation compilation)
{
    private static readonly SymbolDisplayFormat s_format = SymbolDisplayFormat.FullyQualifiedFormat;

    private static readonly SymbolDisplayFormat s_withConstraints =
        s_format.AddGenericsOptions(SymbolDisplayGenericsOptions.IncludeTypeConstraints);

    private static readonly SymbolDisplayFormat s_metadata =
        new(typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    public string Of(ITypeSymbol type) => Plain(type).ToDisplayString(s_format);

    /// <summary>Whether a file beside the others may name the type, without an error or a second meaning.</summary>
    public bool CanName(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => CanName(array.ElementType),
        INamedTypeSymbol named => named.TypeKind is not TypeKind.Error and not TypeKind.Dynamic
            && !named.IsUnboundGenericType && CanNameOuter(named),
        _ => false,      // type parameters; pointers, which need a context that not every program allows
    };

    /// <summary>A tuple without the names of its elements, which are the program's and not the run time's.</summary>
    public static ITypeSymbol Plain(ITypeSymbol type) =>
        type is INamedTypeSymbol { IsTupleType: true, TupleUnderlyingType: { } plain } ? plain : type;

    /// <summary>Null: there can be none.</summary>
    public AccessorModel? Accessor(IFieldSymbol field)
    {
        INamedTypeSymbol owner = field.ContainingType;
        ITypeParameterSymbol[] parameters =
            [.. Outwards(owner.OriginalDefinition).Reverse().SelectMany(static type => type.TypeParameters)];
        if (parameters.Length == 0)
        {
            return new AccessorModel(Of(owner), Of(field.Type), "", "", "");
        }

        string[] names = [.. parameters.Select(static p => p.ToDisplayString(s_format))];
        ITypeSymbol[] arguments =
            [.. Outwards(owner).Reverse().SelectMany(static type => type.TypeArguments)];
        return names.Distinct(StringComparer.Ordinal).Count() < names.Length ? null : new AccessorModel(
            owner.OriginalDefinition.ToDisplayString(s_format),
            field.OriginalDefinition.Type.ToDisplayString(s_format),
            $"<{string.Join(", ", names)}>", $"<{string.Join(", ", arguments.Select(Of))}>",
            string.Join(" ", Outwards(owner.OriginalDefinition).Reverse().Select(Constraints)));
    }

    private static string Constraints(INamedTypeSymbol type)
    {
        string text = type.ToDisplayString(s_withConstraints);
        int where = text.IndexOf(" where ", StringComparison.Ordinal);
        return where < 0 ? "" : text.Substring(where + 1);
    }

    private static IEnumerable<INamedTypeSymbol> Outwards(INamedTypeSymbol? type)
    {
        for (; type is not null; type = type.ContainingType)
        {
            yield return type;
        }
    }

    private bool CanNameOuter(INamedTypeSymbol named) =>
        compilation.IsSymbolAccessibleWithin(named, compilation.Assembly)
        && Outwards(named).All(type => !type.IsFileLocal && !IsRefused(type) && type.TypeArguments.All(CanName))
        && (named.SpecialType != SpecialType.None || IsTheOnlyOne(named.OriginalDefinition));

    /// <summary>Whether its use is an error by its author's will.</summary>
    private static bool IsRefused(INamedTypeSymbol type) => type.GetAttributes().Any(static a =>
        a.AttributeClass is { Name: "ObsoleteAttribute", ContainingNamespace.Name: "System" }
        && a.ConstructorArguments.Length == 2 && a.ConstructorArguments[1].Value is true);

    /// <summary>Whether no other reference has a type of that name, and this one is visible without an alias.</summary>
    private bool IsTheOnlyOne(INamedTypeSymbol type)
    {
        INamedTypeSymbol outer = Outwards(type).Last();
        string space = outer.ContainingNamespace.IsGlobalNamespace
            ? "" : $"{outer.ContainingNamespace.ToDisplayString(s_metadata)}.";
        INamedTypeSymbol? only = compilation.GetTypeByMetadataName(space + outer.MetadataName);
        if (!SymbolEqualityComparer.Default.Equals(only, outer))
        {
            return false;
        }

        MetadataReference? reference = compilation.GetMetadataReference(type.ContainingAssembly);
        return reference is null || reference.Properties.Aliases.IsDefaultOrEmpty
            || reference.Properties.Aliases.Contains(MetadataReferenceProperties.GlobalAlias);
    }
}

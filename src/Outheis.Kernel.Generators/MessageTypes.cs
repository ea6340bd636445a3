using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Outheis.Generators;

/// <summary>Where message types stand.</summary>
internal static class MessageTypes
{
    private const string Namespace = "Outheis";
    private const string Add = "Add";      // a name that many methods have

    private static readonly string[] s_handlers = ["IHandle", "IHandleAsync", "IAnswer", "IAnswerAsync", "IProduce"];

    private static readonly string[] s_methods =
        ["OpenOutput", "EffectAsync", Add, "AddRequest", "AddJson", "AddUpcaster", "AddJsonUpcaster"];

    /// <summary>What an agent class handles and answers, its replies among it, and its state if it is
    /// durable.</summary>
    public static IEnumerable<ITypeSymbol> Of(INamedTypeSymbol agent) => (
        from face in agent.AllInterfaces
        where s_handlers.Contains(face.Name) && IsOurs(face)
        from type in face.TypeArguments
        select type).Concat(
        from known in Bases(agent)
        where known.Name == "DurableAgent" && IsOurs(known)
        from type in known.TypeArguments
        select type);

    /// <summary>What goes to an output, comes from an effect, or is told to the codecs.</summary>
    public static IEnumerable<ITypeSymbol> Of(IMethodSymbol method) =>
        s_methods.Contains(method.Name) && IsOurs(method.ContainingType) ? method.TypeArguments : [];

    /// <summary>Whether a node may be the name of such a method, with its type arguments or without.</summary>
    public static bool MayName(SyntaxNode node) => node switch
    {
        GenericNameSyntax name => s_methods.Contains(name.Identifier.ValueText),
        IdentifierNameSyntax name => name.Identifier.ValueText != Add && s_methods.Contains(name.Identifier.ValueText),
        _ => false,
    };

    private static IEnumerable<INamedTypeSymbol> Bases(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? one = type.BaseType; one is not null; one = one.BaseType)
        {
            yield return one;
        }
    }

    public static bool IsOurs(ISymbol symbol) =>
        symbol.ContainingNamespace is { Name: Namespace, ContainingNamespace.IsGlobalNamespace: true }
        && symbol.ContainingType is null;
}

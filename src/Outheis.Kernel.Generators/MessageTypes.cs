using Microsoft.CodeAnalysis;

namespace Outheis.Generators;

/// <summary>Where message types stand.</summary>
internal static class MessageTypes
{
    public const string OpenOutput = "OpenOutput";

    private const string Namespace = "Outheis";

    private static readonly string[] s_handlers = ["IHandle", "IHandleAsync", "IAnswer", "IAnswerAsync"];

    /// <summary>What an agent class handles and answers, its replies among it.</summary>
    public static IEnumerable<ITypeSymbol> Of(INamedTypeSymbol agent) =>
        from face in agent.AllInterfaces
        where s_handlers.Contains(face.Name) && IsOurs(face)
        from type in face.TypeArguments
        select type;

    /// <summary>What goes to an output.</summary>
    public static IEnumerable<ITypeSymbol> Of(IMethodSymbol method) =>
        method.Name == OpenOutput && IsOurs(method.ContainingType) ? method.TypeArguments : [];

    public static bool IsOurs(ISymbol symbol) =>
        symbol.ContainingNamespace is { Name: Namespace, ContainingNamespace.IsGlobalNamespace: true }
        && symbol.ContainingType is null;
}

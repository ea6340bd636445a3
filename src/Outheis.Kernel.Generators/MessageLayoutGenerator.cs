using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Outheis.Generators;

/// <summary>
/// Registers a layout for each message type that an agent class of the compilation handles, asks or answers, for the
/// states of durable agents, and for what goes to an output of the host, comes from an effect or is told to the codecs.
/// Reports nothing: what it cannot describe stays undescribed.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class MessageLayoutGenerator : IIncrementalGenerator
{
    private const string File = "Outheis.MessageLayouts.g.cs";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<MessageList> ofAgents = context.SyntaxProvider.CreateSyntaxProvider(
            static (node, _) => node is ClassDeclarationSyntax { BaseList: not null },
            static (found, cancellation) => Describe(found.SemanticModel,
                found.SemanticModel.GetDeclaredSymbol(found.Node, cancellation) is INamedTypeSymbol agent
                    ? MessageTypes.Of(agent) : [], cancellation));
        IncrementalValuesProvider<MessageList> ofCalls = context.SyntaxProvider.CreateSyntaxProvider(
            static (node, _) => MessageTypes.MayName(node),
            static (found, cancellation) => Describe(found.SemanticModel,
                found.SemanticModel.GetSymbolInfo(found.Node, cancellation).Symbol is IMethodSymbol method
                    ? MessageTypes.Of(method) : [], cancellation));
        IncrementalValueProvider<MessageList> all = ofAgents.Collect().Combine(ofCalls.Collect())
            .Select(static (both, _) => Joined(both.Left.AddRange(both.Right)))
            .WithTrackingName(nameof(MessageList));
        context.RegisterSourceOutput(all, static (output, messages) =>
        {
            if (messages.Items.Length > 0)
            {
                output.AddSource(File, new LayoutSource().Write(messages.Items));
            }
        });
    }

    private static MessageList Describe(
        SemanticModel model, IEnumerable<ITypeSymbol> types, CancellationToken cancellation)
    {
        ImmutableArray<MessageModel>.Builder found = ImmutableArray.CreateBuilder<MessageModel>();
        MessageReading? reading = null;
        foreach (ITypeSymbol type in types)
        {
            cancellation.ThrowIfCancellationRequested();
            reading ??= new MessageReading((CSharpCompilation)model.Compilation);
            if (reading.Read(type) is { } message)
            {
                found.Add(message);
            }
        }

        return new MessageList(found.ToImmutable());
    }

    /// <summary>Each type once, in an order that does not depend on that of the files.</summary>
    private static MessageList Joined(ImmutableArray<MessageList> lists) => new([
        .. lists.SelectMany(static list => list.Items)
            .GroupBy(static message => message.Type, StringComparer.Ordinal)
            .OrderBy(static same => same.Key, StringComparer.Ordinal)
            .Select(static same => same.First()),
    ]);
}

using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Outheis.Assistant;

/// <summary>Takes notes apart: Markdown along its structure, anything else by blank lines. Safe from any
/// thread.</summary>
internal static class NoteParser
{
    private static readonly MarkdownPipeline Pipeline =
        new MarkdownPipelineBuilder().UseYamlFrontMatter().UsePipeTables().Build();

    public static Note Parse(string path, NoteText text)
    {
        string stem = Path.GetFileNameWithoutExtension(path);
        return VaultFolder.IsMarkdown(path) ? ParseMarkdown(text, stem) : ParsePlain(text, stem);
    }

    private static Note ParseMarkdown(NoteText text, string stem)
    {
        var builder = new SectionBuilder(text);
        foreach (Block block in Markdown.Parse(text.Text, Pipeline)) Add(block, text, builder);
        return builder.Finish(stem);
    }

    private static void Add(Block block, NoteText text, SectionBuilder builder)
    {
        (int first, int last) = LinesOf(block, text);
        switch (block)
        {
            case YamlFrontMatterBlock:
                if (FrontMatterTitle(text, first, last) is { } title) builder.Title = title;
                builder.Block(first, last, isCode: false);
                break;
            case HeadingBlock heading:
                builder.Heading(heading.Level, PlainText(heading.Inline), first);
                break;
            case ListBlock list when last - first + 1 > VaultLimits.ListLinesWhole:
                foreach (Block item in list)
                {
                    (int itemFirst, int itemLast) = LinesOf(item, text);
                    builder.Block(itemFirst, itemLast, isCode: false);
                }

                break;
            case ThematicBreakBlock or LinkReferenceDefinitionGroup:
                break;
            default:
                builder.Block(first, last, isCode: block is CodeBlock);
                break;
        }
    }

    private static (int First, int Last) LinesOf(Block block, NoteText text)
    {
        int end = Math.Clamp(block.Span.End, 0, Math.Max(text.Text.Length - 1, 0));
        return (block.Line, Math.Max(block.Line, text.LineAt(end)));
    }

    private static string? FrontMatterTitle(NoteText text, int first, int last)
    {
        for (int line = first; line <= last; line++)
        {
            ReadOnlySpan<char> content = text.Line(line);
            if (!content.StartsWith("title:", StringComparison.OrdinalIgnoreCase)) continue;
            string title = content["title:".Length..].Trim().Trim("\"'").ToString();
            return title.Length > 0 ? title : null;
        }

        return null;
    }

    private static string PlainText(ContainerInline? inlines)
    {
        if (inlines is null) return "";
        var plain = new System.Text.StringBuilder();
        foreach (MarkdownObject inline in inlines.Descendants())
        {
            if (inline is LiteralInline literal) plain.Append(literal.Content.AsSpan());
            else if (inline is CodeInline code) plain.Append(code.Content);
            else if (inline is LineBreakInline) plain.Append(' ');
        }

        return plain.ToString().Trim();
    }

    private static Note ParsePlain(NoteText text, string stem)
    {
        var builder = new SectionBuilder(text);
        int line = 0;
        while (line < text.LineCount)
        {
            if (text.IsBlank(line))
            {
                line++;
                continue;
            }

            int first = line;
            while (line < text.LineCount && !text.IsBlank(line)) line++;
            builder.Block(first, line - 1, isCode: false);
        }

        return builder.Finish(stem);
    }
}

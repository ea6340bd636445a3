namespace Outheis.Assistant;

/// <summary>Characters of a passage that matched.</summary>
internal readonly record struct Mark(int Start, int Length);

/// <summary>One passage of an answer.</summary>
/// <param name="Path">The note, relative to the vault, with '/'.</param>
/// <param name="FirstLine">Counted from 1.</param>
/// <param name="LastLine">Counted from 1, included.</param>
/// <param name="Title">The note's title.</param>
/// <param name="Heading">The headings above the passage, without the title.</param>
/// <param name="Text">The lines as they are in the note.</param>
/// <param name="Score">Comparable within one answer only.</param>
/// <param name="IsCode">All of it is code.</param>
/// <param name="Marks">What matched, in the order of the text, apart from one another.</param>
internal sealed record FoundPassage(
    string Path, int FirstLine, int LastLine, string Title, string Heading, string Text, double Score,
    bool IsCode, IReadOnlyList<Mark> Marks);

/// <summary>What a search found: the passages, most relevant first, and the words it looked for.</summary>
internal sealed record Found(IReadOnlyList<string> Words, IReadOnlyList<FoundPassage> Passages);

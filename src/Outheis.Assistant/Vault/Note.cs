namespace Outheis.Assistant;

/// <summary>A file of the vault that may be a note, as its folder lists it. Paths are relative and use
/// '/'.</summary>
internal readonly record struct NoteFile(string Path, long Bytes, long ModifiedTicks);

/// <summary>A file that is in the vault but not in the index, and why: the reason completes "PATH was
/// skipped: ...".</summary>
internal sealed record SkippedFile(string Path, string Reason);

/// <summary>What an answer cites: lines of one note, counted from 1, both ends included.</summary>
/// <param name="FirstLine">The first line of the passage.</param>
/// <param name="LastLine">The last line of the passage.</param>
/// <param name="IsCode">The whole passage lies inside a block of code.</param>
/// <param name="Text">The lines as they are in the note, joined with '\n'.</param>
internal sealed record Passage(int FirstLine, int LastLine, bool IsCode, string Text);

/// <summary>Passages under one heading: what the index ranks first.</summary>
/// <param name="Heading">The headings above, outermost first, without the title; empty at the top.</param>
/// <param name="Passages">In the order of the note; never empty.</param>
internal sealed record Section(string Heading, IReadOnlyList<Passage> Passages);

/// <summary>One note, taken apart.</summary>
internal sealed record Note(string Title, IReadOnlyList<Section> Sections);

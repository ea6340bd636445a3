namespace Outheis.Assistant;

/// <summary>
/// Collects the blocks of a note into passages and the passages into sections. A block is a run of lines that
/// belong together; long ones are cut into windows, and code follows the sentence that introduces it.
/// </summary>
internal sealed class SectionBuilder(NoteText text)
{
    private readonly List<Section> _sections = [];
    private readonly List<Passage> _passages = [];
    // Above the present line, without the title.
    private readonly List<(int Level, string Text)> _headings = [];
    private int _headingLine = -1;                      // of the section that is being read
    private int _sectionsAtHeading;
    private int _taken = -1;                            // the last line of the blocks so far
    private int _openFirst = -1;                        // the block that may still take its code, or -1
    private int _openLast;

    public string Title { get; set; } = "";

    public void Heading(int level, string heading, int line)
    {
        EndSection();
        while (_headings.Count > 0 && _headings[^1].Level >= level) _headings.RemoveAt(_headings.Count - 1);
        if (Title.Length == 0 && level == 1) Title = heading;
        else _headings.Add((level, heading));
        _headingLine = line;
    }

    /// <summary>Adds lines, counted from 0, both ends included. Lines that an earlier block took, as the parser
    /// gives a table to the paragraph above it too, are not taken again.</summary>
    public void Block(int first, int last, bool isCode)
    {
        first = Math.Max(first, _taken + 1);
        if (last < first) return;
        _taken = last;
        if (_openFirst >= 0 && Introduces(_openFirst, _openLast, first, last, isCode))
        {
            int start = _openFirst;
            _openFirst = -1;
            _openLast = last;
            AddWindows(start, last, isCode: false);
            return;
        }

        CloseBlock();
        if (isCode || WindowEnd(first, last) < last) AddWindows(first, last, isCode);
        else (_openFirst, _openLast) = (first, last);
    }

    public Note Finish(string fallbackTitle)
    {
        EndSection();
        return new Note(Title.Length > 0 ? Title : fallbackTitle, _sections);
    }

    /// <summary>A sentence that ends with a colon takes what follows; any short block takes a short block of
    /// code.</summary>
    private bool Introduces(int first, int last, int nextFirst, int nextLast, bool nextIsCode)
    {
        if (nextLast - first + 1 > VaultLimits.PassageLines) return false;
        if (nextIsCode && nextLast - nextFirst < VaultLimits.GluedCodeLines) return true;
        int line = last;
        while (line > first && text.IsBlank(line)) line--;
        return text.Line(line).TrimEnd().EndsWith(':');
    }

    private void CloseBlock()
    {
        if (_openFirst >= 0) AddWindows(_openFirst, _openLast, isCode: false);
        _openFirst = -1;
    }

    private void AddWindows(int first, int last, bool isCode)
    {
        int line = first;
        while (line <= last)
        {
            int end = WindowEnd(line, last);
            bool whole = line == first && end == last;      // with its fences, which say that it is code
            if (text.Cut(line, end, isCode && !whole) is { } passage)
            {
                _passages.Add(passage);
                if (_passages.Count == VaultLimits.SectionPassages) FlushPassages();
            }

            line = end + 1;
        }
    }

    private int WindowEnd(int line, int last)
    {
        int end = line, chars = text.Line(line).Length;
        while (end < last && end - line + 1 < VaultLimits.PassageLines)
        {
            chars += text.Line(end + 1).Length;
            if (chars > VaultLimits.PassageChars) break;
            end++;
        }

        return end;
    }

    private void EndSection()
    {
        CloseBlock();
        bool headingAlone = _passages.Count == 0 && _headingLine >= 0
            && _sections.Count == _sectionsAtHeading;
        Passage? heading = headingAlone ? text.Cut(_headingLine, _headingLine, isCode: false) : null;
        if (heading is not null) _passages.Add(heading);
        FlushPassages();
        _sectionsAtHeading = _sections.Count;
        _headingLine = -1;
    }

    private void FlushPassages()
    {
        if (_passages.Count == 0) return;
        string trail = string.Join(" > ", _headings.Select(static heading => heading.Text));
        _sections.Add(new Section(trail, _passages.ToArray()));
        _passages.Clear();
    }
}

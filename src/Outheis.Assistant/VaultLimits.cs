namespace Outheis.Assistant;

/// <summary>Every bound of the assistant, in one place.</summary>
internal static class VaultLimits
{
    /// <summary>A larger note is named and skipped: it is a dump, and reading it whole would cost its size in
    /// memory.</summary>
    public const int NoteBytes = 16 << 20;

    /// <summary>A passage is what an answer cites: longer blocks are cut into windows of this many
    /// lines.</summary>
    public const int PassageLines = 16;

    /// <summary>And a window ends before it would grow beyond this: rows of tables and paragraphs without
    /// line breaks are long.</summary>
    public const int PassageChars = 1200;

    /// <summary>A list of more lines is cited item by item.</summary>
    public const int ListLinesWhole = 8;

    /// <summary>Lines of a block of code that still join the sentence before it.</summary>
    public const int GluedCodeLines = 10;

    /// <summary>A section is what the index ranks first: a longer one is ranked in parts.</summary>
    public const int SectionPassages = 32;

    /// <summary>A longer word is a hash, a key or noise, and is cut.</summary>
    public const int WordChars = 48;

    /// <summary>Parts of a compound such as apt-get that is also kept whole.</summary>
    public const int CompoundParts = 4;

    public const int QuestionChars = 4096;
    public const int QuestionConcepts = 24;

    /// <summary>Sections that SQLite hands over for the exact ranking.</summary>
    public const int Candidates = 60;

    public const int AnswerPassages = 5;
    public const int AnswerPassagesPerNote = 3;
    public const int AnswerLinesPerPassage = 12;

    /// <summary>Parsed notes that wait for the writer while indexing.</summary>
    public const int ParsedNotesWaiting = 64;

    /// <summary>Skipped files named on the terminal; the rest are counted, and listed in the JSON
    /// answer.</summary>
    public const int SkippedNamed = 5;

    /// <summary>Skipped files listed in a report; a report is a message and is journaled.</summary>
    public const int SkippedListed = 1000;

    public const int SaveNameChars = 100;
    public const int TopicsListed = 50;
    public const int NotesPerTopic = 5;
    public const int QuestionsPerTopic = 3;
}

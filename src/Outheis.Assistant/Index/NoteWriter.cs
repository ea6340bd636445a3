using System.Text;
using Microsoft.Data.Sqlite;

namespace Outheis.Assistant;

/// <summary>A note ready to be written: its row, and for each section the terms of the four
/// columns.</summary>
internal sealed record IndexedNote(
    NoteFile File, bool Doubtful, long Hash, string Title, string? SkipReason,
    IReadOnlyList<IndexedSection> Sections);

/// <summary>A section and its terms, column by column.</summary>
internal sealed record IndexedSection(
    Section Section, string Name, string Heading, string Prose, string Code);

/// <summary>Turns notes into the terms that are indexed. One for each thread that parses.</summary>
internal sealed class NoteTerms
{
    private readonly Analyzer _analyzer = new();
    private readonly List<Token> _tokens = [];
    private readonly StringBuilder _prose = new();
    private readonly StringBuilder _code = new();

    public IReadOnlyList<IndexedSection> Of(string path, Note note)
    {
        string name = Terms($"{Path.GetFileNameWithoutExtension(path)} {note.Title}");
        string folders = Terms(Path.GetDirectoryName(path)!.Replace('/', ' '));
        var sections = new IndexedSection[note.Sections.Count];
        for (int i = 0; i < sections.Length; i++)
        {
            Section section = note.Sections[i];
            _prose.Clear();
            _code.Clear();
            foreach (Passage passage in section.Passages) AddTerms(passage);
            string heading = $"{Terms(section.Heading)} {folders}";
            sections[i] = new IndexedSection(section, name, heading, _prose.ToString(), _code.ToString());
        }

        return sections;
    }

    private void AddTerms(Passage passage)
    {
        List<Range> code = CodeScan.Runs(passage.Text, passage.IsCode);
        int run = 0;
        foreach (Token token in Tokens(passage.Text))
        {
            while (run < code.Count && code[run].End.Value <= token.Start) run++;
            bool isCode = run < code.Count && token.Start >= code[run].Start.Value;
            (isCode ? _code : _prose).Append(token.Term).Append(' ');
        }
    }

    private string Terms(string text) => string.Join(' ', Tokens(text).Select(static token => token.Term));

    private List<Token> Tokens(string text)
    {
        _tokens.Clear();
        _analyzer.Analyze(text, _tokens);
        return _tokens;
    }
}

/// <summary>Writes and removes notes inside one transaction, each statement prepared once.</summary>
internal sealed class NoteWriter : IDisposable
{
    private readonly SqliteTransaction _transaction;
    private readonly SqliteCommand _insertFile, _insertSection, _insertPassage, _insertWords;
    private readonly SqliteCommand _deleteWords, _deletePassages, _deleteSections, _deleteFile, _touchFile;
    private long _nextFile, _nextSection;

    public NoteWriter(IndexStore store)
    {
        _transaction = store.Connection.BeginTransaction();
        _insertFile = Prepare(store, "INSERT INTO files VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", 8);
        _insertSection = Prepare(store, "INSERT INTO sections VALUES ($1, $2, $3)", 3);
        _insertPassage = Prepare(store, "INSERT INTO passages VALUES ($1, $2, $3, $4, $5, $6)", 6);
        _insertWords = Prepare(
            store, "INSERT INTO words (rowid, name, heading, prose, code) VALUES ($1, $2, $3, $4, $5)", 5);
        const string ofFile = "(SELECT id FROM sections WHERE file = $1)";
        _deleteWords = Prepare(store, $"DELETE FROM words WHERE rowid IN {ofFile}", 1);
        _deletePassages = Prepare(store, $"DELETE FROM passages WHERE section IN {ofFile}", 1);
        _deleteSections = Prepare(store, "DELETE FROM sections WHERE file = $1", 1);
        _deleteFile = Prepare(store, "DELETE FROM files WHERE id = $1", 1);
        _touchFile = Prepare(store, "UPDATE files SET modified = $2, doubtful = $3 WHERE id = $1", 3);
        _nextFile = Max(store, "SELECT max(id) FROM files") + 1;
        _nextSection = Max(store, "SELECT max(id) FROM sections") + 1;
    }

    public void Add(IndexedNote note)
    {
        long file = _nextFile++;
        NoteFile listed = note.File;
        Run(_insertFile, file, listed.Path, listed.Bytes, listed.ModifiedTicks, Flag(note.Doubtful),
            note.Hash, note.Title, note.SkipReason ?? (object)DBNull.Value);
        foreach (IndexedSection indexed in note.Sections)
        {
            long section = _nextSection++;
            Run(_insertSection, section, file, indexed.Section.Heading);
            Run(_insertWords, section, indexed.Name, indexed.Heading, indexed.Prose, indexed.Code);
            long ordinal = 0;
            foreach (Passage passage in indexed.Section.Passages)
            {
                Run(_insertPassage, section, ordinal++, (long)passage.FirstLine, (long)passage.LastLine,
                    Flag(passage.IsCode), passage.Text);
            }
        }
    }

    public void Remove(long file)
    {
        Run(_deleteWords, file);
        Run(_deletePassages, file);
        Run(_deleteSections, file);
        Run(_deleteFile, file);
    }

    /// <summary>The file was touched but says the same.</summary>
    public void Touch(long file, NoteFile listed, bool doubtful) =>
        Run(_touchFile, file, listed.ModifiedTicks, Flag(doubtful));

    public void Commit() => _transaction.Commit();

    public void Dispose()
    {
        SqliteCommand[] commands =
        [
            _insertFile, _insertSection, _insertPassage, _insertWords,
            _deleteWords, _deletePassages, _deleteSections, _deleteFile, _touchFile,
        ];
        foreach (SqliteCommand command in commands) command.Dispose();
        _transaction.Dispose();
    }

    private SqliteCommand Prepare(IndexStore store, string sql, int parameters)
    {
        SqliteCommand command = store.Command(sql);
        command.Transaction = _transaction;
        for (int i = 1; i <= parameters; i++) command.Parameters.Add(new SqliteParameter($"${i}", null));
        return command;
    }

    private static long Flag(bool value) => value ? 1 : 0;

    private static void Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (int i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
        command.ExecuteNonQuery();
    }

    private static long Max(IndexStore store, string sql)
    {
        using SqliteCommand command = store.Command(sql);
        return command.ExecuteScalar() is long max ? max : 0;
    }
}

using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Outheis.Assistant;

/// <summary>
/// The file of the index. It holds nothing that the vault does not: a file of another version, of another
/// vault or a damaged one is deleted and built again. One process at a time has it open, because the
/// journal's lock covers it.
/// </summary>
internal sealed class IndexStore : IDisposable
{
    /// <summary>Goes up whenever what the tables hold changes, the analyzer's terms included.</summary>
    private const int FormatVersion = 1;

    private const string Schema = """
        CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE files (
            id INTEGER PRIMARY KEY,
            path TEXT NOT NULL UNIQUE,
            bytes INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            doubtful INTEGER NOT NULL,
            hash INTEGER NOT NULL,
            title TEXT NOT NULL,
            skipped TEXT);
        CREATE TABLE sections (id INTEGER PRIMARY KEY, file INTEGER NOT NULL, heading TEXT NOT NULL);
        CREATE INDEX sections_of_file ON sections (file);
        CREATE TABLE passages (
            section INTEGER NOT NULL,
            ordinal INTEGER NOT NULL,
            first_line INTEGER NOT NULL,
            last_line INTEGER NOT NULL,
            code INTEGER NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (section, ordinal)) WITHOUT ROWID;
        CREATE VIRTUAL TABLE words USING fts5 (
            name, heading, prose, code,
            content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 0 tokenchars '+#-'");
        INSERT INTO words (words, rank) VALUES ('rank', 'bm25(10.0, 3.0, 1.0, 0.3)');
        CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, row);
        """;

    private IndexStore(SqliteConnection connection, string path, bool rebuilt)
    {
        Connection = connection;
        FilePath = path;
        Rebuilt = rebuilt;
    }

    public SqliteConnection Connection { get; }

    public string FilePath { get; }

    /// <summary>A damaged file was deleted to make place for this one.</summary>
    public bool Rebuilt { get; }

    /// <exception cref="VaultException">The file cannot be made or opened.</exception>
    public static IndexStore Open(string path, string vaultFullPath)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            bool damaged = false;
            if (File.Exists(path))
            {
                if (TryOpen(path, vaultFullPath, out damaged) is { } store) return store;
                Delete(path);
            }

            return Create(path, vaultFullPath, damaged);
        }
        catch (Exception error) when (IsExpected(error))
        {
            throw Failure(path, error);
        }
    }

    /// <summary>Errors of the disk and of SQLite, as opposed to errors of this program.</summary>
    public static bool IsExpected(Exception error) =>
        error is SqliteException or IOException or UnauthorizedAccessException;

    /// <summary>The file is not what SQLite wrote, or not a database at all, or lacks our tables.</summary>
    public static bool IsDamage(Exception error) =>
        error is SqliteException { SqliteErrorCode: 1 or 11 or 26 };

    /// <summary>The sentence for the user.</summary>
    public static VaultException Failure(string path, Exception error)
    {
        bool full = FileFailure.IsDiskFull(error) || error is SqliteException { SqliteErrorCode: SqliteFull };
        string message = full
            ? $"The disk is full: the index {path} could not be written. Free some space and ask again."
            : $"The index {path} cannot be used: {FileFailure.Reason(error)}.";
        return new VaultException(message, error);
    }

    public SqliteCommand Command(string sql, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = Connection.CreateCommand();
        command.CommandText = sql;
        foreach (string name in parameters) command.Parameters.Add(new SqliteParameter(name, null));
        return command;
    }

    public void Dispose() => Connection.Dispose();

    private const int SqliteFull = 13;

    private static IndexStore? TryOpen(string path, string vaultFullPath, out bool damaged)
    {
        SqliteConnection connection = Connect(path, create: false);
        damaged = false;
        try
        {
            connection.Open();
            var store = new IndexStore(connection, path, rebuilt: false);
            store.Tune();
            if (store.Describes(vaultFullPath)) return store;
        }
        catch (SqliteException error) when (IsDamage(error))
        {
            damaged = true;
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        connection.Dispose();
        return null;
    }

    private static IndexStore Create(string path, string vaultFullPath, bool rebuilt)
    {
        SqliteConnection connection = Connect(path, create: true);
        try
        {
            connection.Open();
            var store = new IndexStore(connection, path, rebuilt);
            store.Tune();
            using SqliteTransaction transaction = connection.BeginTransaction();
            store.Execute(Schema);
            using SqliteCommand insert =
                store.Command("INSERT INTO facts VALUES ('version', $v), ('vault', $p)", "$v", "$p");
            insert.Parameters[0].Value = FormatVersion.ToString(CultureInfo.InvariantCulture);
            insert.Parameters[1].Value = vaultFullPath;
            insert.ExecuteNonQuery();
            transaction.Commit();
            return store;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private bool Describes(string vaultFullPath)
    {
        using SqliteCommand select =
            Command("SELECT value FROM facts WHERE name IN ('vault', 'version') ORDER BY name");
        using SqliteDataReader facts = select.ExecuteReader();
        return facts.Read() && facts.GetString(0) == vaultFullPath
            && facts.Read() && facts.GetString(0) == FormatVersion.ToString(CultureInfo.InvariantCulture);
    }

    private void Tune() =>
        Execute("PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; PRAGMA synchronous = NORMAL;");

    private void Execute(string sql)
    {
        using SqliteCommand command = Command(sql);
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Connect(string path, bool create) => new(new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
        Pooling = false,
        DefaultTimeout = 5,
    }.ToString());

    public static void Delete(string path)
    {
        foreach (string suffix in (string[])["", "-journal", "-wal", "-shm"]) File.Delete(path + suffix);
    }
}

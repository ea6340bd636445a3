using Microsoft.Data.Sqlite;

namespace Outheis.Assistant;

/// <summary>One search: SQLite picks the candidate sections by BM25, <see cref="Ranking"/> orders their
/// passages.</summary>
internal sealed class IndexSearch(IndexStore store) : IDisposable
{
    private readonly SqliteCommand _documentsOf =
        store.Command("SELECT doc FROM vocabulary WHERE term = $term", "$term");

    private readonly SqliteCommand _candidates = store.Command(
        """
        WITH hit AS MATERIALIZED (
            SELECT rowid AS section FROM words WHERE words MATCH $match ORDER BY rank LIMIT $limit)
        SELECT s.id, f.path, f.title, s.heading, p.first_line, p.last_line, p.code, p.text
        FROM hit JOIN sections s ON s.id = hit.section JOIN files f ON f.id = s.file
            JOIN passages p ON p.section = s.id
        ORDER BY s.id, p.ordinal
        """,
        "$match", "$limit");

    public Found Run(Question question, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration cancel = cancellationToken.Register(_candidates.Cancel);
        var words = question.Concepts.Select(static concept => concept.Word).ToArray();
        long sections = SectionCount();
        if (sections == 0) return new Found(words, []);

        var weighed = new WeighedConcept[question.Concepts.Count];
        for (int i = 0; i < weighed.Length; i++) weighed[i] = Weigh(question.Concepts[i], sections);

        string match = MatchExpression(weighed, sections);
        if (match.Length == 0) return new Found(words, []);
        List<Candidate> candidates = Candidates(match);
        cancellationToken.ThrowIfCancellationRequested();
        return new Found(words, new Ranking(weighed).Best(candidates));
    }

    public void Dispose()
    {
        _documentsOf.Dispose();
        _candidates.Dispose();
    }

    private long SectionCount()
    {
        using SqliteCommand count = store.Command("SELECT count(*) FROM sections");
        return (long)count.ExecuteScalar()!;
    }

    private WeighedConcept Weigh(Concept concept, long sections)
    {
        var forms = new List<WeighedForm>();
        long own = DocumentsOf(concept.Term);
        long most = own;
        if (own > 0) forms.Add(new WeighedForm(concept.Term, 1, own));
        foreach (string like in concept.Like)
        {
            long documents = DocumentsOf(like);
            if (documents > 0) forms.Add(new WeighedForm(like, Ranking.LikeWeight, documents));
            most = Math.Max(most, documents);
        }

        // Rare words weigh most, and a word that the vault does not have weighs as the rarest.
        long counted = own > 0 ? own : most;
        double rarity = Ranking.Rarity(counted, sections) * (concept.IsWeak ? Ranking.WeakWeight : 1);
        return new WeighedConcept(concept, rarity, forms.ToArray());
    }

    private long DocumentsOf(string term)
    {
        _documentsOf.Parameters[0].Value = term;
        return _documentsOf.ExecuteScalar() is long documents ? documents : 0;
    }

    /// <summary>
    /// Any of the terms. What most sections hold is left out where something rarer is asked for: it would be
    /// looked up in all of them and could hardly change who is a candidate. Terms hold no quotation mark, so
    /// quoting them is enough.
    /// </summary>
    private static string MatchExpression(WeighedConcept[] concepts, long sections)
    {
        List<WeighedForm> forms = concepts.SelectMany(static concept => concept.Forms)
            .DistinctBy(static form => form.Term).ToList();
        long common = Math.Max(sections / 4, 200);
        bool hasRare = forms.Exists(form => form.Documents <= common && form.Weight == 1);
        if (hasRare) forms.RemoveAll(form => form.Documents > common);
        return string.Join(" OR ", forms.Select(static form => $"\"{form.Term}\""));
    }

    private List<Candidate> Candidates(string match)
    {
        var candidates = new List<Candidate>();
        _candidates.Parameters[0].Value = match;
        _candidates.Parameters[1].Value = VaultLimits.Candidates;
        using SqliteDataReader row = _candidates.ExecuteReader();
        long section = 0;
        List<Passage>? passages = null;
        while (row.Read())
        {
            if (passages is null || row.GetInt64(0) != section)
            {
                section = row.GetInt64(0);
                passages = [];
                candidates.Add(new Candidate(row.GetString(1), row.GetString(2), row.GetString(3), passages));
            }

            passages.Add(new Passage(
                row.GetInt32(4), row.GetInt32(5), row.GetInt64(6) != 0, row.GetString(7)));
        }

        return candidates;
    }
}

namespace Outheis.Assistant;

/// <summary>One thing a question names: its own term and the terms that may stand for it.</summary>
/// <param name="Word">As the question writes it.</param>
/// <param name="Term">As the index holds it.</param>
/// <param name="IsWeak">The word says little here: "make" in "make a file executable".</param>
/// <param name="Like">Terms that may stand for it.</param>
internal sealed record Concept(string Word, string Term, bool IsWeak, string[] Like);

/// <summary>What is left of a question when the words that only ask are dropped.</summary>
internal sealed class Question
{
    private Question(string text, IReadOnlyList<Concept> concepts)
    {
        Text = text;
        Concepts = concepts;
    }

    public string Text { get; }

    public IReadOnlyList<Concept> Concepts { get; }

    /// <summary>Why <paramref name="text"/> cannot be asked, or null.</summary>
    public static string? Refusal(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return "The question is empty.";
        if (text.Length > VaultLimits.QuestionChars)
        {
            return $"The question is longer than {VaultLimits.QuestionChars} characters.";
        }

        return Parse(text).Concepts.Count == 0 ? "The question holds no word to look for." : null;
    }

    public static Question Parse(string text)
    {
        var tokens = new List<Token>();
        new Analyzer().Analyze(text, tokens);
        var concepts = new List<Concept>();
        AddConcepts(text, tokens, dropStopWords: true, concepts);
        if (concepts.Count == 0) AddConcepts(text, tokens, dropStopWords: false, concepts);
        return new Question(text, concepts);
    }

    private static void AddConcepts(string text, List<Token> tokens, bool dropStopWords, List<Concept> into)
    {
        for (int i = 0; i < tokens.Count && into.Count < VaultLimits.QuestionConcepts; i++)
        {
            Token token = tokens[i];
            bool isHump = i + 1 < tokens.Count
                && tokens.Exists(other => other != token && Covers(other, token)
                && text.AsSpan(other.Start, other.Length).IndexOfAny('-', '_') < 0);
            if (isHump) continue;

            string word = WordAt(text, token);
            bool quoted = token.Start > 0 && text[token.Start - 1] is '`' or '"'
                && token.End < text.Length && text[token.End] is '`' or '"';
            if (dropStopWords && !quoted
                && EnglishWords.Stop.Contains(word.Replace("'", "", StringComparison.Ordinal)))
            {
                continue;
            }

            if (into.Exists(concept => concept.Term == token.Term)) continue;
            bool weak = !quoted
                && EnglishWords.IsWeak(word, i + 1 < tokens.Count ? WordAt(text, tokens[i + 1]) : "");
            into.Add(new Concept(word, token.Term, weak, EnglishWords.TermsLike(word, token.Term)));
        }
    }

    private static string WordAt(string text, Token token) => text.Substring(token.Start, token.Length);

    private static bool Covers(Token outer, Token inner) =>
        outer.Start <= inner.Start && outer.End >= inner.End && outer.Length > inner.Length;
}

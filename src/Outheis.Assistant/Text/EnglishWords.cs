namespace Outheis.Assistant;

/// <summary>What the assistant knows of English beyond stems: words that ask but do not name, and words that
/// mean alike.</summary>
internal static class EnglishWords
{
    /// <summary>Words of a question that say nothing about the subject. Dropped unless nothing else is
    /// left.</summary>
    public static readonly HashSet<string> Stop = new(StringComparer.OrdinalIgnoreCase)
    {
        "a", "about", "after", "all", "also", "am", "an", "and", "any", "anyone", "anything", "are", "as",
        "at", "be", "because", "been", "before", "being", "best", "but", "by", "can", "could", "did", "do",
        "does", "doing", "done", "dont", "each", "easily", "else", "every", "everything", "explain", "for",
        "from", "get", "give", "gives", "go", "goes", "going", "had", "happen", "happens", "has", "have",
        "having", "he", "help", "here", "how", "i", "id", "if", "ill", "im", "in", "into", "is", "isnt",
        "it", "its", "ive", "just", "know", "let", "like", "many", "may", "me", "mean", "means", "might",
        "much", "must", "my", "need", "of", "off", "on", "one", "ones", "only", "onto", "or", "other",
        "our", "out", "please", "possible", "shall", "should", "so", "some", "somebody", "someone",
        "something", "such", "tell", "than", "that", "the", "their", "them", "then", "there", "these",
        "they", "thing", "things", "this", "those", "through", "to", "too", "up", "us", "use", "used",
        "uses", "using", "very", "want", "was", "way", "ways", "we", "were", "what", "whats", "when",
        "where", "which", "while", "who", "whose", "why", "will", "with", "within", "without", "wont",
        "would", "you", "your",
    };

    // Verbs of asking and adjectives of degree: they help to choose, but a note is hardly about them.
    private static readonly HashSet<string> Weak = new(StringComparer.OrdinalIgnoreCase)
    {
        "see", "show", "check", "look", "need", "try", "perform", "first", "last", "next", "new", "old",
        "same", "two", "three", "different", "specific", "certain", "current", "currently", "work", "works",
        "working", "set", "put", "take",
    };

    // Weak only before one of these: "make a ...", "run my ...".
    private static readonly HashSet<string> Verbal =
        new(StringComparer.OrdinalIgnoreCase) { "make", "run", "find", "watch" };

    private static readonly HashSet<string> Determiners = new(StringComparer.OrdinalIgnoreCase)
    {
        "a", "all", "an", "any", "every", "it", "its", "my", "our", "some", "something", "sure", "the",
        "their", "this", "your",
    };

    /// <summary>Each line: words that may stand for one another. A word in two lines joins neither line to
    /// the other.</summary>
    private static readonly string[] Alike =
    [
        "delete remove erase", "folder directory", "show display print view", "list show",
        "extract unpack decompress", "compress pack archive", "recursively recursive",
        "everything recursively", "create make", "make build compile", "large big size", "copy duplicate",
        "find search locate", "download fetch", "rename move", "change modify edit", "picture image photo",
        "run execute", "start launch begin", "stop kill terminate end", "ip address", "disk drive",
        "wifi wireless", "movie video", "program application app", "settings configuration config",
        "error failure", "user account", "computer machine host", "merge combine join", "split divide",
        "repeat repeatedly periodically", "line row", "convert transform", "install setup", "memory ram",
        "cpu processor", "remotely remote", "password passphrase", "resize scale", "timer countdown",
        "calculate compute", "crash fail", "docs documentation", "undo revert", "package library",
        "check verify", "port socket", "text string", "replace substitute", "encrypt encipher",
        "web website", "url link", "schedule cron", "sync synchronize synchronise", "generate create",
        "format indent", "size usage", "usage space", "executable execute", "previous last", "tail last",
    ];

    private static readonly Dictionary<string, string> Irregular = new(StringComparer.OrdinalIgnoreCase)
    {
        ["built"] = "build", ["found"] = "find", ["held"] = "hold", ["kept"] = "keep", ["lost"] = "lose",
        ["made"] = "make", ["ran"] = "run", ["sent"] = "send", ["shown"] = "show", ["written"] = "write",
        ["wrote"] = "write", ["chosen"] = "choose", ["broken"] = "break", ["taken"] = "take",
    };

    private static readonly Dictionary<string, string[]> AlikeByTerm = GroupByTerm();

    /// <summary>Terms that may stand for the term of <paramref name="word"/>, itself not among
    /// them.</summary>
    public static string[] TermsLike(string word, string term)
    {
        string[] like = AlikeByTerm.TryGetValue(term, out string[]? known) ? known : [];
        return Irregular.TryGetValue(word, out string? present) ? [new Analyzer().TermOf(present), .. like]
            : like;
    }

    /// <summary>Whether a question that says <paramref name="word"/> is hardly about it.</summary>
    public static bool IsWeak(string word, string next) =>
        Weak.Contains(word) || (Verbal.Contains(word) && Determiners.Contains(next));

    private static Dictionary<string, string[]> GroupByTerm()
    {
        var analyzer = new Analyzer();
        var groups = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (string line in Alike)
        {
            string[] terms = Array.ConvertAll(line.Split(' '), analyzer.TermOf);
            foreach (string term in terms)
            {
                string[] others = Array.FindAll(terms, other => other != term);
                groups[term] = groups.TryGetValue(term, out string[]? known) ? [.. known, .. others] : others;
            }
        }

        return groups;
    }
}

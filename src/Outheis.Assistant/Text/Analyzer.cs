namespace Outheis.Assistant;

/// <summary>One term and where in the text it was read. A compound and its parts share characters.</summary>
internal readonly record struct Token(int Start, int Length, string Term)
{
    public int End => Start + Length;
}

/// <summary>
/// Cuts text into terms. The same cut serves the index, the question and the marks in the answer, so what is
/// marked is what was matched. Not for two threads at once: it keeps the stem of each word it has seen.
/// </summary>
/// <remarks>
/// Letters are folded to lower case and Latin letters lose their accents; English words are stemmed.
/// E[x]tract, as manuals write it, is one word. apt-get gives apt, get and apt-get; SendAsync gives
/// sendasync, send and async; c++ and c# keep their signs; Chinese, Japanese and Korean text is cut into
/// pairs of characters.
/// </remarks>
internal sealed class Analyzer
{
    private const int StemsKept = 1 << 16;

    // Accents of U+00C0 to U+017F; '-' where there is nothing to fold.
    private const string Folded =
        "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty"
        + "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrss"
        + "ssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    private readonly Dictionary<string, string> _stems = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _stemOf;
    private readonly char[] _word = new char[VaultLimits.WordChars];
    private readonly char[] _stem = new char[VaultLimits.WordChars + 1];
    private readonly char[] _compound = new char[VaultLimits.WordChars];
    private int _wordLength;
    // Length of the word before a bracket at its end: lis[t] or array[i], who knows.
    private int _subscripted;
    // Where a capital begins a part: text, word.
    private readonly List<(int Start, int WordStart)> _humps = [];

    public Analyzer() => _stemOf = _stems.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Appends the terms of <paramref name="text"/> in the order in which they end.</summary>
    public void Analyze(ReadOnlySpan<char> text, List<Token> into)
    {
        int at = 0;
        while (at < text.Length)
        {
            if (IsPictograph(text[at])) at = ReadPairs(text, at, into);
            else if (IsWordStart(text, at)) at = ReadCompound(text, at, into);
            else at++;
        }
    }

    /// <summary>The term of one word alone, for words that are written into the program.</summary>
    public string TermOf(string word) => StemOf(word);

    private int ReadCompound(ReadOnlySpan<char> text, int start, List<Token> into)
    {
        int compoundLength = 0, parts = 0, at = start, end;
        while (true)
        {
            int partStart = at;
            end = at = ReadWord(text, at);
            EmitWord(partStart, end, into);
            parts++;

            if (compoundLength >= 0 && compoundLength + _wordLength < _compound.Length)
            {
                if (parts > 1) _compound[compoundLength++] = '-';
                _word.AsSpan(0, _wordLength).CopyTo(_compound.AsSpan(compoundLength));
                compoundLength += _wordLength;
                if (compoundLength == _compound.Length) compoundLength = -1;
            }
            else compoundLength = -1;

            bool joined = at + 1 < text.Length && text[at] is '-' or '_' && IsWordStart(text, at + 1);
            if (!joined || IsPictograph(text[at + 1])) break;
            at++;
        }

        if (parts > 1 && parts <= VaultLimits.CompoundParts && compoundLength > 0)
        {
            into.Add(new Token(start, end - start, Intern(_compound.AsSpan(0, compoundLength))));
        }

        return at;
    }

    /// <summary>Reads one word into <see cref="_word"/>, folded, and returns where it ends in the
    /// text.</summary>
    private int ReadWord(ReadOnlySpan<char> text, int start)
    {
        _wordLength = _subscripted = 0;
        _humps.Clear();
        int at = start;
        char before = '\0';
        while (at < text.Length)
        {
            char c = text[at];
            if (IsWordChar(c))
            {
                if (IsHump(text, at, before)) _humps.Add((at, _wordLength));
                Append(c);
                before = c;
                at++;
            }
            else if (IsAccent(c) && at > start) at++;
            else if (c == '[' && TryReadMnemonic(text, at, out int past))
            {
                before = text[past - 2];
                at = past;
            }
            else if (c is '\'' or '\u2019' && _wordLength > 0 && at + 1 < text.Length
                && IsWordChar(text[at + 1]))
            {
                bool possessive = text[at + 1] is 's' or 'S'
                    && (at + 2 == text.Length || !IsWordChar(text[at + 2]));
                if (possessive) return at + 2;
                at++;
            }
            else break;
        }

        if (at < text.Length && text[at] == '#' && _wordLength == 1)
        {
            Append('#');
            at++;
        }

        while (text[at..].StartsWith("++"))
        {
            Append('+');
            Append('+');
            at += 2;
        }

        return at;
    }

    /// <summary>[x] inside or at the edge of a word: one to three letters in brackets with a letter beside
    /// them.</summary>
    private bool TryReadMnemonic(ReadOnlySpan<char> text, int open, out int past)
    {
        past = open + 1;
        while (past < text.Length && past - open <= 3 && char.IsAsciiLetter(text[past])) past++;
        bool closed = past > open + 1 && past < text.Length && text[past] == ']';
        bool letterAfter = closed && past + 1 < text.Length && char.IsAsciiLetter(text[past + 1]);
        bool endsWord = closed && _wordLength > 2 && past == open + 2 && text[open - 1] is >= 'a' and <= 'z';
        if (!letterAfter && !endsWord) return false;
        if (!letterAfter) _subscripted = _wordLength;
        foreach (char c in text[(open + 1)..past]) Append(c);
        past++;
        return true;
    }

    private void EmitWord(int start, int end, List<Token> into)
    {
        ReadOnlySpan<char> word = _word.AsSpan(0, _wordLength);
        if (_humps.Count > 0)
        {
            _humps.Add((end, _wordLength));
            (int from, int wordFrom) = (start, 0);
            foreach ((int to, int wordTo) in _humps)
            {
                bool counts = wordTo - wordFrom >= 3;
                if (counts) into.Add(new Token(from, to - from, StemOf(word[wordFrom..wordTo])));
                (from, wordFrom) = (to, wordTo);
            }
        }

        if (_subscripted > 0) into.Add(new Token(start, _subscripted, StemOf(word[.._subscripted])));
        into.Add(new Token(start, end - start, StemOf(word)));
    }

    private static int ReadPairs(ReadOnlySpan<char> text, int start, List<Token> into)
    {
        int at = start;
        while (at + 1 < text.Length && IsPictograph(text[at + 1]))
        {
            into.Add(new Token(at, 2, new string(text.Slice(at, 2))));
            at++;
        }

        if (at == start) into.Add(new Token(at, 1, new string(text.Slice(at, 1))));
        return at + 1;
    }

    private string StemOf(ReadOnlySpan<char> word)
    {
        if (_stemOf.TryGetValue(word, out string? known)) return known;
        word.CopyTo(_stem);
        int length = Stemmer.Stem(_stem, word.Length);
        string stem = new(_stem, 0, length);
        if (_stems.Count < StemsKept) _stemOf[word] = stem;
        return stem;
    }

    private string Intern(ReadOnlySpan<char> compound)
    {
        if (_stemOf.TryGetValue(compound, out string? known)) return known;
        string term = new(compound);
        if (_stems.Count < StemsKept) _stemOf[compound] = term;
        return term;
    }

    private void Append(char c)
    {
        if (_wordLength < _word.Length) _word[_wordLength++] = Fold(c);
    }

    private static char Fold(char c)
    {
        if (c < 0x80) return char.ToLowerInvariant(c);
        if (c is < '\u00C0' or > '\u017F') return char.ToLowerInvariant(c);
        char folded = Folded[c - '\u00C0'];
        return folded == '-' ? c : folded;
    }

    private static bool IsWordStart(ReadOnlySpan<char> text, int at) => IsWordChar(text[at])
        || (text[at] == '[' && at + 3 < text.Length && char.IsAsciiLetter(text[at + 1]) && text[at + 2] == ']'
            && char.IsAsciiLetter(text[at + 3]));

    private static bool IsWordChar(char c) =>
        (char.IsAscii(c) ? char.IsAsciiLetterOrDigit(c) : char.IsLetterOrDigit(c)) && !IsPictograph(c);

    /// <summary>A capital after a small letter, or the last capital of several before a small one:
    /// HTTPServer.</summary>
    private bool IsHump(ReadOnlySpan<char> text, int at, char before) =>
        _wordLength > 0 && char.IsUpper(text[at])
        && (char.IsLower(before)
            || (char.IsUpper(before) && at + 1 < text.Length && char.IsLower(text[at + 1])));

    /// <summary>An accent written on its own, after its letter.</summary>
    private static bool IsAccent(char c) => c is >= '\u0300' and <= '\u036F';

    private static bool IsPictograph(char c) =>
        c is (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF')
        or (>= '\uAC00' and <= '\uD7AF');
}

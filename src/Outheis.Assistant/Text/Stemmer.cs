namespace Outheis.Assistant;

/// <summary>
/// The suffix stripping of Porter (1980), in place, for lower-case ASCII words. It maps the forms of an
/// English word to one term; the term itself need not be a word. One rule is added in front: recovery,
/// delivery, discovery lose their y, so that they meet recover, deliver, discover.
/// </summary>
internal ref struct Stemmer
{
    // Room for one letter more than the word: step 1b may put an e back.
    private readonly Span<char> _word;
    private int _length;

    private Stemmer(Span<char> word, int length)
    {
        _word = word;
        _length = length;
    }

    private static readonly (string Suffix, string Becomes)[] Step2 =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"),
        ("abli", "able"), ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"),
        ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"),
        ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"),
    ];

    private static readonly (string Suffix, string Becomes)[] Step3 =
    [
        ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""),
        ("ness", ""),
    ];

    private static readonly string[] Step4 =
    [
        "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive",
        "ize", "ion", "al", "er", "ic", "ou",
    ];

    /// <summary>Stems the first <paramref name="length"/> letters of <paramref name="word"/>, which has room
    /// for one more.</summary>
    /// <returns>The length of the stem.</returns>
    public static int Stem(Span<char> word, int length)
    {
        if (length < 3 || word[..length].ContainsAnyExceptInRange('a', 'z')) return length;
        var stemmer = new Stemmer(word, length);
        stemmer.Run();
        return stemmer._length;
    }

    private void Run()
    {
        if (_length > 5 && Ends("very")) _length--;
        StripPlural();
        StripPastAndGerund();
        if (Ends("y") && HasVowel(_length - 1)) _word[_length - 1] = 'i';
        ReplaceFirst(Step2);
        ReplaceFirst(Step3);
        StripLongSuffix();
        StripFinalE();
    }

    private void StripPlural()
    {
        if (Ends("sses") || Ends("ies")) _length -= 2;
        else if (Ends("s") && !Ends("ss")) _length--;
    }

    private void StripPastAndGerund()
    {
        if (Ends("eed"))
        {
            if (Measure(_length - 3) > 0) _length--;
            return;
        }

        int suffix = Ends("ed") ? 2 : Ends("ing") ? 3 : 0;
        if (suffix == 0 || !HasVowel(_length - suffix)) return;
        _length -= suffix;

        if (Ends("at") || Ends("bl") || Ends("iz")) Append('e');
        else if (EndsInDoubleConsonant() && _word[_length - 1] is not ('l' or 's' or 'z')) _length--;
        else if (Measure(_length) == 1 && EndsShort(_length)) Append('e');
    }

    private void ReplaceFirst((string Suffix, string Becomes)[] rules)
    {
        foreach ((string suffix, string becomes) in rules)
        {
            if (!Ends(suffix)) continue;
            int stem = _length - suffix.Length;
            if (Measure(stem) == 0) return;
            becomes.CopyTo(_word[stem..]);
            _length = stem + becomes.Length;
            return;
        }
    }

    private void StripLongSuffix()
    {
        foreach (string suffix in Step4)
        {
            if (!Ends(suffix)) continue;
            int stem = _length - suffix.Length;
            bool allowed = suffix != "ion" || (stem > 0 && _word[stem - 1] is 's' or 't');
            if (allowed && Measure(stem) > 1) _length = stem;
            return;
        }
    }

    private void StripFinalE()
    {
        if (Ends("e"))
        {
            int measure = Measure(_length - 1);
            if (measure > 1 || (measure == 1 && !EndsShort(_length - 1))) _length--;
        }

        if (Ends("ll") && Measure(_length) > 1) _length--;
    }

    private readonly bool Ends(string suffix) =>
        _length > suffix.Length && _word[.._length].EndsWith(suffix, StringComparison.Ordinal);

    private void Append(char letter) => _word[_length++] = letter;

    private readonly bool IsConsonant(int index) => _word[index] switch
    {
        'a' or 'e' or 'i' or 'o' or 'u' => false,
        'y' => index == 0 || !IsConsonant(index - 1),
        _ => true,
    };

    private readonly bool HasVowel(int end)
    {
        for (int i = 0; i < end; i++)
        {
            if (!IsConsonant(i)) return true;
        }

        return false;
    }

    /// <summary>How often a consonant follows a vowel in the first <paramref name="end"/> letters: Porter's
    /// m.</summary>
    private readonly int Measure(int end)
    {
        int count = 0;
        for (int i = 1; i < end; i++)
        {
            if (IsConsonant(i) && !IsConsonant(i - 1)) count++;
        }

        return count;
    }

    private readonly bool EndsInDoubleConsonant() =>
        _length > 1 && _word[_length - 1] == _word[_length - 2] && IsConsonant(_length - 1);

    /// <summary>Consonant, vowel, consonant other than w, x, y at the end: such a word was cut from one with
    /// an e.</summary>
    private readonly bool EndsShort(int end) =>
        end > 2 && IsConsonant(end - 3) && !IsConsonant(end - 2) && IsConsonant(end - 1)
        && _word[end - 1] is not ('w' or 'x' or 'y');
}

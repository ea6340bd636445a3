namespace Outheis.Tidy.Reading;

/// <summary>
/// Splits C# text into code and comments. Both keep the length and the lines of the text; what is not theirs
/// is blank.
/// The contents of strings and characters are in neither, the holes of interpolated strings are code.
/// </summary>
internal sealed class CodeSplit
{
    private readonly string _text;
    private readonly char[] _code;
    private readonly char[] _comments;
    private int _at;

    private CodeSplit(string text)
    {
        _text = text;
        _code = [.. text.Select(static c => c == '\n' ? '\n' : ' ')];
        _comments = [.. _code];
    }

    public static (string Code, string Comments) Of(string text)
    {
        var split = new CodeSplit(text);
        split.ReadCode(isHole: false);
        return (new string(split._code), new string(split._comments));
    }

    /// <summary>Reads to the end, or in a hole to the brace that closes it, which stays unread.</summary>
    private void ReadCode(bool isHole)
    {
        int depth = 0;
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (Starts("//"))
            {
                ReadComment(End("\n", _at));
            }
            else if (Starts("/*"))
            {
                ReadComment(Math.Min(End("*/", _at + 2) + 2, _text.Length));
            }
            else if (c == '\'')
            {
                SkipCharacter();
            }
            else if (c is '"' or '$' or '@' && StringAt(out int dollars, out bool isVerbatim, out int quotes))
            {
                SkipString(dollars, isVerbatim, quotes);
            }
            else
            {
                depth += c == '{' ? 1 : c == '}' ? -1 : 0;
                if (isHole && depth < 0)
                {
                    return;
                }

                _code[_at] = c;
                _at++;
            }
        }
    }

    private bool Starts(string mark) => string.CompareOrdinal(_text, _at, mark, 0, mark.Length) == 0;

    private int End(string mark, int from)
    {
        int found = _text.IndexOf(mark, Math.Min(from, _text.Length), StringComparison.Ordinal);
        return found < 0 ? _text.Length : found;
    }

    private int Run(char c, int from)
    {
        int end = from;
        while (end < _text.Length && _text[end] == c)
        {
            end++;
        }

        return end - from;
    }

    private void ReadComment(int end)
    {
        for (; _at < end; _at++)
        {
            _comments[_at] = _text[_at];
        }
    }

    private void SkipCharacter()
    {
        int body = _at + 1 < _text.Length && _text[_at + 1] == '\\' ? 3 : 2;
        _at = Math.Min(End("'", _at + body) + 1, _text.Length);
    }

    private bool StringAt(out int dollars, out bool isVerbatim, out int quotes)
    {
        int i = _at;
        (dollars, isVerbatim) = (0, false);
        for (; i < _text.Length && _text[i] is '$' or '@'; i++)
        {
            dollars += _text[i] == '$' ? 1 : 0;
            isVerbatim |= _text[i] == '@';
        }

        quotes = Run('"', i);
        if (quotes == 0)
        {
            return false;
        }

        _at = i;
        return true;
    }

    /// <summary>At the first quote.</summary>
    private void SkipString(int dollars, bool isVerbatim, int quotes)
    {
        if (quotes >= 3 && !isVerbatim)
        {
            _at += quotes;
            SkipRaw(dollars, quotes);
            return;
        }

        _at++;
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (c == '"' && !(isVerbatim && Run('"', _at) >= 2))
            {
                _at++;
                return;
            }

            if (c == '{' && dollars > 0 && Run('{', _at) % 2 == 1)
            {
                _at += Run('{', _at);
                ReadCode(isHole: true);
                _at++;
                continue;
            }

            bool isPair = c == '"' || (c == '{' && dollars > 0) || (c == '\\' && !isVerbatim);
            _at += isPair ? 2 : 1;
        }
    }

    private void SkipRaw(int dollars, int quotes)
    {
        while (_at < _text.Length)
        {
            int run = Run('"', _at);
            if (run >= quotes)
            {
                _at += run;
                return;
            }

            int braces = Run('{', _at);
            _at += Math.Max(1, Math.Max(run, braces));
            if (dollars > 0 && braces >= dollars)
            {
                ReadCode(isHole: true);
                _at += dollars;
            }
        }
    }
}

using System.Text.RegularExpressions;

namespace Outheis.Tidy.Reading;

/// <summary>A member of a type, or a program's top-level statements: what a reader has to take in at
/// once.</summary>
internal readonly record struct Member(string Name, int FirstLine, int LastLine)
{
    public int Lines => LastLine - FirstLine + 1;
}

/// <summary>
/// Finds the members that have a body by following braces, no compiler needed. Initialisers of fields are
/// data and not members here; what is inside a member (lambdas, local functions) counts as part of it.
/// </summary>
internal sealed partial class MemberScan
{
    private readonly string _code;
    private readonly List<Member> _members = [];
    private int _at;
    private int _firstStatement = -1;
    private int _endOfStatements;

    private MemberScan(string code) => _code = code;

    /// <param name="code">The code half of <see cref="CodeSplit.Of"/>.</param>
    public static IReadOnlyList<Member> In(string code)
    {
        var scan = new MemberScan(code);
        while (scan._at < code.Length)
        {
            scan.ReadScope(isType: false);
            scan._at++;
        }

        if (scan._firstStatement >= 0)
        {
            scan.Add("top-level statements", scan._firstStatement, scan._endOfStatements);
        }

        return scan._members;
    }

    /// <summary>Reads declarations up to the closing brace of the scope, which stays unread.</summary>
    private void ReadScope(bool isType)
    {
        while (SkipBlank() && _code[_at] != '}')
        {
            int start = _at;
            char stop = ReadHead();
            string head = _code[start.._at].Trim();
            if (stop == '{' && TypeHead().IsMatch(head))
            {
                bool isInner = !head.StartsWith("namespace", StringComparison.Ordinal);
                _at++;
                ReadScope(isInner);
                _at = Math.Min(_at + 1, _code.Length);
                continue;
            }

            ReadRest(stop);
            bool isDirective = stop != '{' && (Directive().IsMatch(head) || TypeHead().IsMatch(head));
            if (!isType && !isDirective && head.Length > 0)
            {
                _firstStatement = _firstStatement < 0 ? start : _firstStatement;
                _endOfStatements = _at;
            }
            else if (isType && stop is '{' or '>')
            {
                Add(NameOf(head), start, _at);
            }
        }
    }

    private void Add(string name, int start, int end) =>
        _members.Add(new Member(name, LineOf(start), LineOf(Math.Max(start, end - 1))));

    private int LineOf(int position) => 1 + _code.AsSpan(0, position).Count('\n');

    /// <summary>Skips white space, preprocessor lines and attributes. False at the end.</summary>
    private bool SkipBlank()
    {
        while (_at < _code.Length)
        {
            char c = _code[_at];
            if (char.IsWhiteSpace(c))
            {
                _at++;
            }
            else if (c == '#')
            {
                int end = _code.IndexOf('\n', _at);
                _at = end < 0 ? _code.Length : end;
            }
            else if (c == '[')
            {
                SkipBalanced();
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Stops before one of { ; } = or, told as '>', before an arrow; whatever comes first outside
    /// brackets.</summary>
    private char ReadHead()
    {
        int start = _at;
        while (_at < _code.Length)
        {
            char c = _code[_at];
            if (c is '(' or '[')
            {
                SkipBalanced();
                continue;
            }

            if (c is '{' or ';' or '}')
            {
                return c;
            }

            if (c == '=' && !OperatorHead().IsMatch(_code.AsSpan(start, _at - start)))
            {
                return _at + 1 < _code.Length && _code[_at + 1] == '>' ? '>' : '=';
            }

            _at++;
        }

        return ';';
    }

    private void ReadRest(char stop)
    {
        if (stop == '{')
        {
            SkipBalanced();
            return;
        }

        while (_at < _code.Length && _code[_at] is not (';' or '}'))
        {
            if (_code[_at] is '(' or '[' or '{')
            {
                SkipBalanced();
            }
            else
            {
                _at++;
            }
        }

        _at += _at < _code.Length && _code[_at] == ';' ? 1 : 0;
    }

    private void SkipBalanced()
    {
        int depth = 0;
        do
        {
            depth += _code[_at] is '(' or '[' or '{' ? 1 : _code[_at] is ')' or ']' or '}' ? -1 : 0;
            _at++;
        }
        while (depth > 0 && _at < _code.Length);
    }

    private static string NameOf(string head)
    {
        Match name = MethodName().Match(head);
        return name.Success ? name.Groups[1].Value : head.Split(' ', '\n')[^1];
    }

    [GeneratedRegex(
        @"^(?:(?:public|internal|private|protected|static|sealed|abstract|partial|readonly|ref)\s+"
        + @"|(?:unsafe|file|new)\s+)*"
        + @"(?:(?:class|struct|interface|enum|record|namespace)\b|extension\s*[(<])")]
    private static partial Regex TypeHead();

    [GeneratedRegex(@"^(?:global\s+)?using\s+(?!var\b)[\w.=<>,:\s]+$|^extern\b")]
    private static partial Regex Directive();

    [GeneratedRegex(@"\boperator\s+(?:checked\s+)?[=!<>]*$")]
    private static partial Regex OperatorHead();

    [GeneratedRegex(@"(operator\s*[^\s(]+|[\w.]+)\s*(?:<[^(]*>)?\s*\(")]
    private static partial Regex MethodName();
}

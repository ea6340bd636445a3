using System.Globalization;
using System.Text;

namespace Outheis.Testing;

/// <summary>What happened last, step by step, for whoever reads a failure. Steps that came in between others are
/// indented.</summary>
public sealed class SimulationTrace
{
    private const int Kept = 400;

    private readonly Entry[] _entries = new Entry[Kept];
    private long _next;

    internal SimulationTrace()
    {
    }

    /// <summary>Everything that happened so far, as one number: equal for equal runs.</summary>
    public ulong Hash { get; private set; } = 14695981039346656037;

    /// <summary>The newest entries, oldest first.</summary>
    /// <param name="most">At most so many.</param>
    public IReadOnlyList<string> Newest(int most = Kept)
    {
        int count = (int)Math.Min(Math.Min(_next, Kept), most);
        return [.. Enumerable.Range(0, count).Select(i => _entries[(_next - count + i) % Kept].ToString())];
    }

    internal void Add(long step, int depth, string what, long number = 0, string? detail = null)
    {
        _entries[_next++ % Kept] = new Entry(step, depth, what, number, detail);
        Mix((ulong)step);
        Mix((ulong)depth);
        Mix((ulong)number);
        Mix(what);
        Mix(detail ?? "");
    }

    // FNV-1a, over words.
    private void Mix(ulong word) => Hash = (Hash ^ word) * 1099511628211;

    private void Mix(string text)
    {
        foreach (char letter in text)
        {
            Mix(letter);
        }

        Mix((ulong)text.Length << 32);
    }

    private readonly record struct Entry(long Step, int Depth, string What, long Number, string? Detail)
    {
        public override string ToString()
        {
            var line = new StringBuilder();
            line.Append(CultureInfo.InvariantCulture, $"{Step,7} ").Append(' ', 2 * Depth).Append(What);
            if (What.EndsWith(' '))
            {
                line.Append(CultureInfo.InvariantCulture, $"{Number}");
            }

            return line.Append(Detail is null ? "" : " " + Detail).ToString();
        }
    }
}

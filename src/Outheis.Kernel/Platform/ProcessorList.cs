using System.Globalization;

namespace Outheis;

/// <summary>Processor numbers as Linux writes them: <c>0-3,8</c>.</summary>
internal static class ProcessorList
{
    private const int NumberMost = 1 << 16;      // what claims more is no list of processors

    /// <summary>The numbers of a list; null if it is not one. An empty one has none.</summary>
    public static int[]? Parse(string? text)
    {
        if (text is null)
        {
            return null;
        }

        List<int> numbers = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int dash = part.IndexOf('-');
            if (!TryNumber(dash < 0 ? part : part[..dash], out int first)
                || !TryNumber(dash < 0 ? part : part[(dash + 1)..], out int last))
            {
                return null;
            }

            for (int number = first; number <= last; number++)
            {
                numbers.Add(number);
            }
        }

        return [.. numbers];
    }

    /// <summary>The list of ascending numbers.</summary>
    public static string Format(IReadOnlyList<int> numbers)
    {
        List<string> parts = [];
        for (int i = 0; i < numbers.Count; i++)
        {
            int first = numbers[i];
            while (i + 1 < numbers.Count && numbers[i + 1] == numbers[i] + 1)
            {
                i++;
            }

            parts.Add(first == numbers[i] ? $"{first}" : $"{first}-{numbers[i]}");
        }

        return string.Join(',', parts);
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < NumberMost;
}

using System.Globalization;

namespace Outheis.Cli;

/// <summary>Recorded choices as a text file: numbers with blanks or line ends between them.</summary>
internal static class ChoicesFile
{
    private const int PerLine = 20;

    /// <summary>Writes the choices of one failure into a folder; an older file of the same workload and seed is
    /// replaced.</summary>
    /// <returns>The file.</returns>
    public static string Write(string folder, string workload, ulong seed, IReadOnlyList<int> choices)
    {
        string name = string.Concat(workload.Select(static letter => char.IsLetterOrDigit(letter) ? letter : '-'));
        string file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{seed}.txt"));
        File.WriteAllLines(file, choices.Chunk(PerLine).Select(static line =>
            string.Join(' ', line.Select(static choice => choice.ToString(CultureInfo.InvariantCulture)))));
        return file;
    }

    /// <summary>Null when something in it is no choice.</summary>
    public static IReadOnlyList<int>? Read(string file)
    {
        var choices = new List<int>();
        foreach (string word in File.ReadAllText(file).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int choice))
            {
                return null;
            }

            choices.Add(choice);
        }

        return choices;
    }
}

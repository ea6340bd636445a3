using System.Globalization;
using System.Text;

namespace Outheis.Assistant;

/// <summary>Writes an answer as a note of its own, to be saved.</summary>
internal static class AnswerMarkdown
{
    public static string Write(string question, Found found, VaultLabel vault, DateTimeOffset now)
    {
        var note = new StringBuilder();
        note.Append(CultureInfo.InvariantCulture, $"# {question.ReplaceLineEndings(" ")}\n\n");
        note.Append(CultureInfo.InvariantCulture, $"Answered from {vault.Shown} on {now:yyyy-MM-dd}.\n");
        foreach (FoundPassage passage in found.Passages)
        {
            note.Append(CultureInfo.InvariantCulture, $"\n## {AnswerText.TrailOf(passage)}\n\n");
            note.Append(CultureInfo.InvariantCulture,
                $"`{vault.PathOf(passage.Path)}:{passage.FirstLine}`\n\n");
            note.Append(passage.IsCode ? Fenced(passage.Text) : AnswerText.Marked(passage, ansi: false))
                .Append('\n');
        }

        return note.ToString();
    }

    /// <summary>A window of a long block of code has lost its fences.</summary>
    private static string Fenced(string code) => $"````\n{code}\n````";
}

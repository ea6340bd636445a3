using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Outheis.Assistant;

/// <summary>The answer for machines: one object a line, its shape described in docs/cli.md. Fields are only
/// ever added.</summary>
internal sealed record AnswerJson(
    string Question,
    string Vault,
    IReadOnlyList<string> Words,
    IReadOnlyList<AnswerJson.Passage> Passages,
    IReadOnlyList<SkippedFile> Skipped,
    int Notes,
    double ElapsedMs,
    string? Error)
{
    public static AnswerJson Of(
        string question, VaultLabel vault, Found found, IndexReport report, TimeSpan elapsed) => new(
        question, vault.FullPath, found.Words, [.. found.Passages.Select(Passage.Of)], report.Skipped,
        report.Notes,
        Math.Round(elapsed.TotalMilliseconds, 2), null);

    public static AnswerJson Failed(string question, VaultLabel vault, string error) =>
        new(question, vault.FullPath, [], [], [], 0, 0, error);

    public void Write(TextWriter output) =>
        output.WriteLine(JsonSerializer.Serialize(this, AnswerJsonContext.Readable.AnswerJson));

    /// <summary>One passage; lines are counted from 1, marks in UTF-16 characters of the text.</summary>
    internal sealed record Passage(
        string Path, int Line, int LastLine, string Title, string Heading, string Text,
        IReadOnlyList<Mark> Marks, double Score)
    {
        public static Passage Of(FoundPassage found) =>
            new(found.Path, found.FirstLine, found.LastLine, found.Title,
            found.Heading, found.Text, found.Marks, found.Score);
    }
}

[JsonSerializable(typeof(AnswerJson))]
internal sealed partial class AnswerJsonContext : JsonSerializerContext
{
    /// <summary>Leaves letters of any script as they are. The result is a line of text, never part of a web
    /// page.</summary>
    public static AnswerJsonContext Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

using System.Text.Json.Serialization;

namespace Outheis.Assistant;

/// <summary>Host to relay: prompt the user and read what he says next.</summary>
internal sealed record Listen;

/// <summary>What the user said; <see cref="Line"/> is null when he has gone.</summary>
internal sealed record Heard(string? Line);

/// <summary>Host to relay: answer this, from the vault, on the terminal.</summary>
internal sealed record Ask(string Question);

/// <summary>How an exchange ended. Zero is the failure.</summary>
internal enum AskResult
{
    /// <summary>Something broke, and the user was told what.</summary>
    Failed = 0,

    /// <summary>There is an answer.</summary>
    Answered,

    /// <summary>The vault does not say.</summary>
    NothingFound,

    /// <summary>The question cannot be asked, or the vault holds no notes.</summary>
    Refused,
}

/// <summary>An exchange is over and the user has seen its end.</summary>
/// <param name="Result">How it ended.</param>
/// <param name="Skipped">Files of the vault that were left out.</param>
/// <param name="Notes">The notes that answer, best first.</param>
/// <param name="Markdown">The answer as it can be saved; empty when there is none.</param>
internal sealed record Answered(AskResult Result, int Skipped, IReadOnlyList<string> Notes, string Markdown)
{
    public static Answered Without(AskResult result, int skipped = 0) => new(result, skipped, [], "");
}

/// <summary>Host to relay: tell the user one sentence that is not an answer.</summary>
internal sealed record Tell(string Sentence);

/// <summary>The sentence is on the terminal.</summary>
internal sealed record Told;

/// <summary>Relay to data: bring the index up to date. Answered in steps, so that progress can be
/// shown.</summary>
internal sealed record Refresh;

/// <summary>How far the refresh is. When it is over, <see cref="Report"/> or <see cref="Failure"/> is
/// there.</summary>
internal sealed record Refreshed(int Done, int Total, IndexReport? Report, string? Failure);

/// <summary>Relay to data: find the passages that answer.</summary>
internal sealed record Search(string Question);

/// <summary>What was found, or the sentence that says why nothing could be looked for.</summary>
internal sealed record Sought(Found? Found, string? Failure);

/// <summary>Host to action: keep this under a name.</summary>
internal sealed record Save(string Name, string Content);

/// <summary>Where it was saved, or the sentence that says why not.</summary>
internal sealed record Saved(string? Path, string? Failure);

/// <summary>Host to pattern: an exchange ended. Also what the history is read back from.</summary>
internal sealed record Exchanged(
    string Vault, string Question, AskResult Result, IReadOnlyList<string> Notes);

/// <summary>Host to pattern: reply when all that was said before is in the insights.</summary>
internal sealed record Settle;

/// <summary>The insights are written, or the sentence that says why not.</summary>
internal sealed record Settled(string? Failure);

/// <summary>How the team's messages are written into the journal.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Listen))]
[JsonSerializable(typeof(Heard))]
[JsonSerializable(typeof(Ask))]
[JsonSerializable(typeof(Answered))]
[JsonSerializable(typeof(Tell))]
[JsonSerializable(typeof(Told))]
[JsonSerializable(typeof(Refresh))]
[JsonSerializable(typeof(Refreshed))]
[JsonSerializable(typeof(Search))]
[JsonSerializable(typeof(Sought))]
[JsonSerializable(typeof(Save))]
[JsonSerializable(typeof(Saved))]
[JsonSerializable(typeof(Exchanged))]
[JsonSerializable(typeof(Settle))]
[JsonSerializable(typeof(Settled))]
[JsonSerializable(typeof(Topics))]
internal sealed partial class MessageJson : JsonSerializerContext;

using System.Text.Json;

namespace Outheis.Assistant;

/// <summary>
/// Learns what is asked and which notes answer, and writes it into the insights folder. It holds the history,
/// to read, and that folder, to write. It runs in the background: its turns wait for everybody else's.
/// </summary>
/// <remarks>topics.json is what it remembers, topics.md is for people. Without the first it reads the history
/// again.</remarks>
internal sealed class PatternAgent(History history, OutputFolder insights)
    : Agent, IHandleAsync<Exchanged>, IAnswer<Settle, Settled>
{
    public const string Readable = "topics.md";
    private const string Remembered = "topics.json";

    private Topics? _topics;
    private string? _failure;

    public async ValueTask HandleAsync(
        Exchanged message, AgentContext context, CancellationToken cancellationToken)
    {
        long position = context.Position;
        try
        {
            await Task.Run(() => Learn(message, position), CancellationToken.None).ConfigureAwait(true);
            _failure = null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _failure = $"The insights {Path.Combine(insights.Folder, Readable)} could not be written: "
                + $"{FileFailure.Reason(error)}.";
        }
    }

    public Settled Answer(in Settle request, Context context) => new(_failure);

    private void Learn(Exchanged exchange, long position)
    {
        _topics ??= Remember() ?? Relearn(position);
        _topics.Add(exchange);
        insights.Replace(Remembered, JsonSerializer.Serialize(_topics, MessageJson.Default.Topics));
        insights.Replace(Readable, _topics.ToMarkdown());
    }

    private Topics? Remember()
    {
        try
        {
            return insights.TryRead(Remembered) is { } json
                ? JsonSerializer.Deserialize(json, MessageJson.Default.Topics) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private Topics Relearn(long position)
    {
        var topics = new Topics();
        foreach (Exchanged past in history.Before(position)) topics.Add(past);
        return topics;
    }
}

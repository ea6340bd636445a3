using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Outheis;

/// <summary>One step of a message type: from a version to the next one. Any thread.</summary>
/// <remarks>Between two steps a message is an object of the program's, or JSON; each step takes either, as far as
/// there is a codec to turn one into the other.</remarks>
internal abstract class Upcaster(string name, int from)
{
    /// <summary>Of the message type in the journal.</summary>
    public string Name => name;

    /// <summary>The version that it takes; what it makes is one higher.</summary>
    public int From => from;

    /// <summary>Reads a record of the version that it takes. Null: done; otherwise why not.</summary>
    public abstract string? Read(MessageCodecs codecs, JournalEntry entry, out object? message);

    /// <summary>What the step before has made, as what this one takes. Null: done; otherwise why not.</summary>
    public abstract string? Accept(MessageCodecs codecs, ref object message);

    /// <summary>Takes the step. Throws what the program's own code throws.</summary>
    public abstract object? Apply(object message);
}

/// <summary>A step between two types of the program.</summary>
internal sealed class TypeUpcaster<TOld, TNew>(Func<TOld, TNew> upcast)
    : Upcaster(MessageLayout.NameOf<TOld>(), MessageLayout.VersionOf<TOld>())
{
    public override string? Read(MessageCodecs codecs, JournalEntry entry, out object? message)
    {
        string? reason = codecs.ReadAsIs(entry, out TOld old);
        message = old;
        return reason;
    }

    public override string? Accept(MessageCodecs codecs, ref object message)
    {
        if (message is TOld)
        {
            return null;
        }

        string? reason = codecs.FromJson((JsonObject)message, out TOld old);
        message = old!;
        return reason;
    }

    public override object? Apply(object message) => upcast((TOld)message);
}

/// <summary>A step within JSON: no type of the old version is needed.</summary>
internal sealed class JsonUpcaster(string name, int from, Func<JsonObject, JsonObject> upcast) : Upcaster(name, from)
{
    public override string? Read(MessageCodecs codecs, JournalEntry entry, out object? message)
    {
        message = entry.Encoding == PayloadEncoding.Json && TryParse(entry.Payload.Span, out JsonObject? json)
            ? json : null;
        return message is null ? $"it is no JSON object, which the upcaster from version {From} takes" : null;
    }

    public override string? Accept(MessageCodecs codecs, ref object message)
    {
        if (message is JsonObject)
        {
            return null;
        }

        message = codecs.Find(message.GetType())?.ToJson(message) as JsonObject ?? message;
        return message is JsonObject ? null
            : $"{message.GetType()} has no codec, and the upcaster from version {From} takes JSON: say AddJson";
    }

    public override object? Apply(object message) => upcast((JsonObject)message);

    private static bool TryParse(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out JsonObject? json)
    {
        try
        {
            json = JsonNode.Parse(payload) as JsonObject;
        }
        catch (JsonException)
        {
            json = null;
        }

        return json is not null;
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Outheis.Testing;

/// <summary>Reads the recorded messages of one type, and sends them again.</summary>
internal abstract class RecordedType
{
    public abstract bool AreEqual(JournalEntry left, JournalEntry right);

    public abstract string Describe(JournalEntry entry);

    public abstract void Send(ReplayStage stage, JournalEntry message);
}

internal sealed class RecordedType<T>(JsonTypeInfo<T>? json) : RecordedType
{
    public T Read(JournalEntry entry)
    {
        PayloadEncoding expected = json is null ? PayloadEncoding.Raw : PayloadEncoding.Json;
        if (entry.TypeName != MessageLayout.SimpleNameOf<T>() || entry.Encoding != expected)
        {
            string advice = entry.Encoding != PayloadEncoding.Opaque ? ""
                : " Without a codec its name alone is recorded: add one to KernelOptions.Codecs and record anew.";
            throw new RecordingException(
                $"At {Recording.Place(entry.Position)} the journal has a {entry.TypeName}, {entry.Encoding}, and not a "
                + $"{typeof(T).Name}, {expected}.{advice}");
        }

        return json is null ? ReadRaw(entry) : JsonSerializer.Deserialize(entry.Payload.Span, json)!;
    }

    // By value where that can be: a struct may have gaps, and what lies in them is no content.
    public override bool AreEqual(JournalEntry left, JournalEntry right) => json is null
        ? EqualityComparer<T>.Default.Equals(Read(left), Read(right))
        : JsonSerializer.Serialize(Read(left), json) == JsonSerializer.Serialize(Read(right), json);

    public override string Describe(JournalEntry entry)
    {
        string words = Words.Of(Read(entry));
        return words == typeof(T).ToString() && json is not null
            ? $"{typeof(T).Name} {JsonSerializer.Serialize(Read(entry), json)}"
            : words;
    }

    public override void Send(ReplayStage stage, JournalEntry message) => stage.Send(message, Read(message));

    private static T ReadRaw(JournalEntry entry)
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>() || entry.Payload.Length != Unsafe.SizeOf<T>())
        {
            throw new RecordingException(
                $"The {typeof(T).Name} at {Recording.Place(entry.Position)} has {entry.Payload.Length} bytes, "
                + $"and such a message now has {Unsafe.SizeOf<T>()}: the type was changed since. Record anew.");
        }

        return Unsafe.ReadUnaligned<T>(in MemoryMarshal.GetReference(entry.Payload.Span));
    }
}

/// <summary>Asks a recorded request again.</summary>
internal abstract class RecordedAsk
{
    public abstract void Ask(ReplayStage stage, JournalEntry request);
}

internal sealed class RecordedAsk<TRequest, TReply> : RecordedAsk
{
    public override void Ask(ReplayStage stage, JournalEntry request) =>
        stage.Ask<TRequest, TReply>(request, stage.Types.Find<TRequest>(request).Read(request));
}

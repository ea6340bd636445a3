using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Outheis;

/// <summary>
/// How messages that are not plain bytes are written into the journal. A type without a codec is journaled by
/// name, size and header, without content.
/// </summary>
public sealed class MessageCodecs
{
    private readonly Dictionary<Type, MessageCodec> _codecs = [];

    /// <summary>Writes <typeparamref name="T"/> as JSON. Costs an encoding per send, on the sender's
    /// core.</summary>
    /// <typeparam name="T">The message type, exactly as it is granted.</typeparam>
    /// <param name="type">From a source-generated JsonSerializerContext.</param>
    /// <returns>These codecs, to go on.</returns>
    public MessageCodecs AddJson<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        _codecs[typeof(T)] = new JsonMessageCodec<T>(type);
        return this;
    }

    internal MessageCodec? Find(Type type) => _codecs.GetValueOrDefault(type);
}

internal abstract class MessageCodec;

/// <summary>Writes a <typeparamref name="T"/> as bytes that outlive the process.</summary>
internal abstract class MessageCodec<T> : MessageCodec
{
    public abstract void Encode(in T message, ArrayBufferWriter<byte> output);
}

internal sealed class JsonMessageCodec<T>(JsonTypeInfo<T> type) : MessageCodec<T>
{
    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;      // one per thread: a core encodes one message at a time

    public override void Encode(in T message, ArrayBufferWriter<byte> output)
    {
        Utf8JsonWriter writer = t_writer ??= new Utf8JsonWriter(output);
        writer.Reset(output);
        JsonSerializer.Serialize(writer, message, type);
        writer.Flush();
    }
}

using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Outheis;

/// <summary>
/// How messages that are not plain bytes are written into the journal, and how those of older versions become the
/// present ones. A type without a codec is journaled by name, size and header, without content.
/// </summary>
/// <remarks>Filled by one thread before a kernel starts; then any thread may read with it.</remarks>
public sealed partial class MessageCodecs
{
    private readonly Dictionary<Type, MessageCodec> _codecs = new()
    {
        [typeof(ExitSignal)] = SignalCodecs.Exit,
        [typeof(ChildStarted)] = SignalCodecs.Start,
        [typeof(OffloadFailed)] = SignalCodecs.Failed,
        [typeof(BudgetExhausted)] = SignalCodecs.Exhausted,
    };

    /// <summary>Writes <typeparamref name="T"/> as JSON. Costs an encoding per send, on the sender's
    /// core.</summary>
    /// <typeparam name="T">The message type, exactly as it is granted.</typeparam>
    /// <param name="type">From a source-generated JsonSerializerContext.</param>
    /// <returns>These codecs, to go on.</returns>
    public MessageCodecs AddJson<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        _codecs[typeof(T)] = new JsonMessageCodec<T>(type);
        MessageTypes.Add<T>();
        return this;
    }

    /// <summary>Says that this program has messages of type <typeparamref name="T"/>, so that one that a killed process
    /// left unhandled can be delivered again, and a durable agent be rebuilt. The source generator says it for every
    /// message type that it can name; private ones need this.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <returns>These codecs, to go on.</returns>
    public MessageCodecs Add<T>()
    {
        MessageTypes.Add<T>();
        return this;
    }

    /// <summary>As <see cref="Add{T}"/>, for requests: a durable agent is rebuilt from those that it
    /// answered.</summary>
    /// <typeparam name="TRequest">The request type.</typeparam>
    /// <typeparam name="TReply">Its reply type.</typeparam>
    /// <returns>These codecs, to go on.</returns>
    public MessageCodecs AddRequest<TRequest, TReply>()
    {
        MessageTypes.AddRequest<TRequest, TReply>();
        MessageTypes.Add<TReply>();
        return this;
    }

    internal MessageCodec? Find(Type type) => _codecs.GetValueOrDefault(type);
}

internal abstract class MessageCodec
{
    /// <summary>A message that the step of an upcaster made, for the next one, which takes JSON.</summary>
    public abstract JsonNode? ToJson(object message);
}

/// <summary>Writes a <typeparamref name="T"/> as bytes that outlive the process.</summary>
internal abstract class MessageCodec<T> : MessageCodec
{
    public abstract void Encode(in T message, ArrayBufferWriter<byte> output);

    public abstract T Decode(ReadOnlySpan<byte> payload);
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

    public override T Decode(ReadOnlySpan<byte> payload) => JsonSerializer.Deserialize(payload, type)!;

    public override JsonNode? ToJson(object message) => JsonSerializer.SerializeToNode((T)message, type);
}

using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Outheis;

/// <summary>A value beside what a journal has of such a one: the same or not, and in words.</summary>
internal readonly struct PayloadText<T>(MessageCodecs codecs)
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_encoded;

    private MessageCodec<T>? Codec => codecs.Find(typeof(T)) as MessageCodec<T>;

    /// <summary>Whether bytes of an encoding are this value, as this program writes it.</summary>
    public bool IsSame(in T value, PayloadEncoding encoding, ReadOnlySpan<byte> payload)
    {
        if (encoding == PayloadEncoding.Raw && Carriage<T>.IsRaw)
        {
            return BytesOf(in value).SequenceEqual(payload);
        }

        return encoding == PayloadEncoding.Json && Codec is { } codec && Encode(codec, in value).SequenceEqual(payload);
    }

    /// <summary>The same, by value: a struct may have gaps, an earlier version may be read as the present one, and JSON
    /// may be written in many ways.</summary>
    public bool IsSame(in T value, JournalEntry entry)
    {
        if (IsSame(in value, entry.Encoding, entry.Payload.Span))
        {
            return true;
        }

        if (entry.TypeFullName != MessageLayout.NameOf<T>() || codecs.Read(entry, out T then) is not null)
        {
            return false;
        }

        return EqualityComparer<T>.Default.Equals(then, value)
            || (Codec is { } codec
                && Encode(codec, in then).ToArray().AsSpan().SequenceEqual(Encode(codec, in value)));
    }

    /// <summary>As <see cref="JournalEntry.PayloadText"/> would be.</summary>
    public string Of(in T value)
    {
        if (Codec is { } codec)
        {
            return Encoding.UTF8.GetString(Encode(codec, in value));
        }

        if (!Carriage<T>.IsRaw)
        {
            return value?.ToString() ?? "";
        }

        if (MessageLayout.Of<T>()?.Fields is not { } fields)
        {
            return Convert.ToHexString(BytesOf(in value));
        }

        var text = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(text);
        bool written = PayloadJson.TryWriteFields(writer, [.. fields], BytesOf(in value));
        writer.Flush();
        return written ? Encoding.UTF8.GetString(text.WrittenSpan) : Convert.ToHexString(BytesOf(in value));
    }

    private static ReadOnlySpan<byte> BytesOf(in T value) => MemoryMarshal.CreateReadOnlySpan(
        ref Unsafe.As<T, byte>(ref Unsafe.AsRef(in value)), Unsafe.SizeOf<T>());

    private static ReadOnlySpan<byte> Encode(MessageCodec<T> codec, in T value)
    {
        ArrayBufferWriter<byte> encoded = t_encoded ??= new ArrayBufferWriter<byte>();
        encoded.ResetWrittenCount();
        codec.Encode(in value, encoded);
        return encoded.WrittenSpan;
    }
}

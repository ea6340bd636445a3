using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>What the lane has been told of message types: each is described before its first message.</summary>
internal sealed unsafe partial class JournalTap
{
    private TypeEntry[] _types = new TypeEntry[64];      // by route number

    /// <summary>The retention may soon give up what the lane was told of types: each is described once more before its
    /// next message.</summary>
    public void TellTypesAnew()
    {
        foreach (ref TypeEntry type in _types.AsSpan())
        {
            (type.IsKnown, type.IsRaw) = (false, false);
        }
    }

    private ref TypeEntry EntryOf<T>(Route route)
    {
        if (route.Index >= _types.Length)
        {
            Array.Resize(ref _types, Math.Max(_types.Length * 2, route.Index + 1));
        }

        ref TypeEntry type = ref _types[route.Index];
        if (!type.IsKnown)
        {
            Introduce<T>(route, ref type);
        }

        return ref type;
    }

    /// <summary>First use of a type in this lane: says how its payloads are written.</summary>
    private void Introduce<T>(Route route, ref TypeEntry type)
    {
        MessageCodec? codec = codecs.Find(typeof(T));
        bool raw = codec is null && Carriage<T>.IsRaw;
        PayloadEncoding encoding = raw ? PayloadEncoding.Raw
            : codec is null ? PayloadEncoding.Opaque
            : PayloadEncoding.Json;
        var fields = new RecordHeader { Kind = JournalKind.Schema, TypeId = route.Index };
        SchemaRecord schema = Describe<T>(encoding, raw ? Unsafe.SizeOf<T>() : 0);
        if (!lane.TryReserve(schema.Bytes + SlackBytes))
        {
            schema = schema with { Fields = null };      // fields are not worth the reserve
        }

        bool written = lane.TryAppend(in fields, in schema);
        (type.Codec, type.IsRaw, type.IsKnown) = (codec, raw && written, written);
    }

    /// <summary>How a type is written that is encoded so.</summary>
    public static SchemaRecord Describe<T>(PayloadEncoding encoding, int payloadBytes)
    {
        MessageLayout? layout = MessageLayout.Of<T>();
        IReadOnlyList<MessageField>? fields = encoding == PayloadEncoding.Raw ? layout?.Fields : null;
        return new SchemaRecord(
            encoding, payloadBytes, MessageLayout.NameOf<T>(), layout?.Version ?? 1,
            fields is null ? null : LayoutText.Write(fields));
    }

    private struct TypeEntry
    {
        public MessageCodec? Codec;
        public bool IsRaw;
        public bool IsKnown;
    }
}

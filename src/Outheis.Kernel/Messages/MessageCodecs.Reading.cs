using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Outheis;

/// <summary>From a record back to a message of this program.</summary>
public sealed partial class MessageCodecs
{
    private const string RaiseVersion = "raise its [MessageVersion] and add an upcaster";

    private readonly Upcasters _upcasters = new();

    /// <summary>Says how a message, a state, a reply or an outcome that was recorded in one version becomes the next
    /// (ES-08). Steps make a chain: 1 to 2, 2 to 3. Applied whenever a record is read as the present type: redelivery,
    /// the state of durable agents, <see cref="TryRead"/>. The journal stays as it is.</summary>
    /// <typeparam name="TOld">The type as it was, kept under another name in the program, with the same
    /// <see cref="MessageNameAttribute"/> and its own <see cref="MessageVersionAttribute"/>.</typeparam>
    /// <typeparam name="TNew">The type of the next version.</typeparam>
    /// <param name="upcast">Makes the new one. Called by whoever reads, on its thread, once per record and reading: it
    /// may look at nothing but its argument. What it throws becomes a <see cref="JournalException"/>.</param>
    /// <returns>These codecs, to go on.</returns>
    /// <exception cref="ArgumentException">These are not two versions of one message type that follow one another, or
    /// there is an upcaster from that version already.</exception>
    public MessageCodecs AddUpcaster<TOld, TNew>(Func<TOld, TNew> upcast)
    {
        ArgumentNullException.ThrowIfNull(upcast);
        (string name, int from) = (MessageLayout.NameOf<TOld>(), MessageLayout.VersionOf<TOld>());
        if (name != MessageLayout.NameOf<TNew>())
        {
            throw new ArgumentException(
                $"{typeof(TOld)} is named {name} in the journal and {typeof(TNew)} {MessageLayout.NameOf<TNew>()}: an "
                + "upcaster leads to the next version of one message type. Give both the same [MessageName], where "
                + "generated code can name them; or register a MessageLayout.",
                nameof(upcast));
        }

        RequireNext(name, from, MessageLayout.VersionOf<TNew>());
        _upcasters.Add(new TypeUpcaster<TOld, TNew>(upcast));
        MessageTypes.Add<TNew>();
        return this;
    }

    /// <summary>As <see cref="AddUpcaster"/>, for what was recorded as JSON: no type of the old version is
    /// needed.</summary>
    /// <typeparam name="T">The present type, which has a codec by <see cref="AddJson"/>.</typeparam>
    /// <param name="fromVersion">The version that it takes; what it makes is one higher.</param>
    /// <param name="upcast">Makes the new one; it may change its argument and return it.</param>
    /// <returns>These codecs, to go on.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> has no later version, or there is an upcaster from
    /// that version already.</exception>
    public MessageCodecs AddJsonUpcaster<T>(int fromVersion, Func<JsonObject, JsonObject> upcast)
    {
        ArgumentNullException.ThrowIfNull(upcast);
        ArgumentOutOfRangeException.ThrowIfLessThan(fromVersion, 1);
        string name = MessageLayout.NameOf<T>();
        if (fromVersion >= MessageLayout.VersionOf<T>())
        {
            throw new ArgumentException(Invariant(
                $"{name} has version {MessageLayout.VersionOf<T>()}, so nothing leads on from version {fromVersion}: ")
                + $"raise the [MessageVersion] of {typeof(T)}.", nameof(fromVersion));
        }

        _upcasters.Add(new JsonUpcaster(name, fromVersion, upcast));
        MessageTypes.Add<T>();
        return this;
    }

    /// <summary>Reads what a record holds as a message of the present version: of an older one by upcasters. Any
    /// thread.</summary>
    /// <typeparam name="T">The type of the message, the state, the reply or the outcome of an effect.</typeparam>
    /// <param name="entry">As a <see cref="JournalReader"/> gave it.</param>
    /// <param name="message">The message, if it could be read.</param>
    /// <returns>False: it is something else, of a version that nothing leads here from or that is newer than this
    /// program, its fields lie elsewhere, or it was not written. <see cref="JournalEntry.PayloadText"/> may still show
    /// it.</returns>
    /// <exception cref="JournalException">An upcaster threw.</exception>
    public bool TryRead<T>(JournalEntry entry, [MaybeNullWhen(false)] out T message)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Read(entry, out message) is null;
    }

    /// <summary>Before anything is read with it.</summary>
    /// <exception cref="ArgumentException">A step between others is missing.</exception>
    internal void Check() => _upcasters.Check();

    /// <summary>The route to the agent's handler of a recorded message, as it is after its upcasters.</summary>
    /// <param name="entry">The message.</param>
    /// <param name="agent">Who took it, or is to have it.</param>
    /// <param name="type">What it is then. A version that leads nowhere is taken for the newest, whose reading says
    /// what is missing.</param>
    /// <returns>Null: this program has no such type, or the agent no handler.</returns>
    internal Route? RouteTo(JournalEntry entry, Agent agent, out MessageType? type)
    {
        bool isRequest = entry.Correlation != 0;
        int version = _upcasters.EndOf(entry.TypeFullName, entry.TypeVersion);
        Route? route = null;
        type = null;
        foreach (MessageType known in MessageTypes.Find(entry.TypeFullName))      // the newest first
        {
            bool isMeant = known.Version == version;
            if ((isMeant || type is null) && known.RouteTo(agent, isRequest) is { } found)
            {
                (type, route) = (known, found);
            }
        }

        return route;
    }

    /// <summary>What a recorded type is after its upcasters; null: this program did not say that it has it.</summary>
    internal MessageType? TypeOf(SchemaRecord schema)
    {
        int version = _upcasters.EndOf(schema.Name, schema.Version);
        IReadOnlyList<MessageType> known = MessageTypes.Find(schema.Name);
        return known.FirstOrDefault(type => type.Version == version) ?? (known.Count > 0 ? known[0] : null);
    }

    /// <summary>Reads what a record holds. Null: done; otherwise why not, in half a sentence.</summary>
    /// <exception cref="JournalException">An upcaster threw.</exception>
    internal string? Read<T>(JournalEntry entry, out T message)
    {
        message = default!;
        int version = MessageLayout.VersionOf<T>();
        return !entry.HasMessage ? "there is no message in it"
            : entry.TypeFullName != MessageLayout.NameOf<T>() ? entry.TypeFullName is null
                ? "the journal does not tell its type any more"
                : $"it is named {entry.TypeFullName}, not {MessageLayout.NameOf<T>()}: keep the name by [MessageName]"
            : entry.TypeVersion > version
                ? Invariant($"its version is {entry.TypeVersion}, and this program is older and has version {version}")
            : entry.TypeVersion < version ? _upcasters.Read(this, entry, version, out message)
            : ReadAsIs(entry, out message);
    }

    /// <summary>Reads what was recorded in the very version of <typeparamref name="T"/>.</summary>
    internal string? ReadAsIs<T>(JournalEntry entry, out T message)
    {
        ReadOnlySpan<byte> payload = entry.Payload.Span;
        message = default!;
        if (entry.Encoding == PayloadEncoding.Json)
        {
            return Decode(payload, out message);
        }

        if (entry.Encoding != PayloadEncoding.Raw)
        {
            return "its content was not written, as its type had no codec";
        }

        if (!Carriage<T>.IsRaw)
        {
            return $"it was recorded as the bytes of a struct, which {typeof(T)} is not: {RaiseVersion}";
        }

        if (payload.Length != Unsafe.SizeOf<T>() || !entry.Type!.Fits(MessageLayout.Of<T>()))
        {
            return $"its fields lie elsewhere than those of {typeof(T)}: {RaiseVersion}";
        }

        message = Unsafe.ReadUnaligned<T>(in payload[0]);
        return null;
    }

    internal string? FromJson<T>(JsonObject json, out T message)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            json.WriteTo(writer);
        }

        return Decode(bytes.WrittenSpan, out message);
    }

    /// <summary>What the last upcaster made, as the type that it was to be.</summary>
    internal string? Finish<T>(object made, out T message)
    {
        if (made is JsonObject json)
        {
            return FromJson(json, out message);
        }

        message = made is T same ? same : default!;
        return made is T ? null : $"its upcasters end with {made.GetType()}";
    }

    private string? Decode<T>(ReadOnlySpan<byte> json, out T message)
    {
        message = default!;
        if (Find(typeof(T)) is not MessageCodec<T> codec)
        {
            return $"it is JSON, and {typeof(T)} has no codec: say AddJson";
        }

        try
        {
            message = codec.Decode(json);
            return message is null ? "it is JSON without content" : null;
        }
        catch (JsonException failure)
        {
            return $"its JSON is no {typeof(T)} ({failure.Message.TrimEnd('.')})";
        }
    }

    private static void RequireNext(string name, int from, int to)
    {
        if (to != from + 1)
        {
            throw new ArgumentException(
                Invariant($"An upcaster leads to the next version, and {name} would come from version {from} to {to}. ")
                + (to == from ? "Raise the [MessageVersion] of the new type." : "Add one for each version between."));
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

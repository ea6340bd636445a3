using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace Outheis.Testing;

/// <summary>How the messages of a recording are read: a journal has the names of types, a test has the types.</summary>
public sealed class RecordedTypes
{
    private readonly Dictionary<string, RecordedType> _types = [];
    private readonly Dictionary<string, RecordedAsk> _asks = [];

    internal MessageCodecs Codecs { get; } = new();

    /// <summary>A message type that the journal has as raw bytes.</summary>
    /// <typeparam name="T">An unmanaged struct, laid out as it was when it was recorded.</typeparam>
    public RecordedTypes Add<T>()
        where T : unmanaged => Add(MessageLayout.SimpleNameOf<T>(), new RecordedType<T>(json: null));

    /// <summary>A message type that the journal has as JSON.</summary>
    /// <typeparam name="T">The type, as it was given to <see cref="MessageCodecs"/>.</typeparam>
    /// <param name="json">From a source-generated JsonSerializerContext.</param>
    public RecordedTypes Add<T>(JsonTypeInfo<T> json)
    {
        Codecs.AddJson(json);
        return Add(MessageLayout.SimpleNameOf<T>(), new RecordedType<T>(json));
    }

    /// <summary>A request that the agent under test answers. Both types are to be added too.</summary>
    /// <typeparam name="TRequest">The request type.</typeparam>
    /// <typeparam name="TReply">The reply type.</typeparam>
    public RecordedTypes AddAsk<TRequest, TReply>()
    {
        _asks[MessageLayout.SimpleNameOf<TRequest>()] = new RecordedAsk<TRequest, TReply>();
        return this;
    }

    internal RecordedType Find(JournalEntry entry) =>
        _types.GetValueOrDefault(entry.TypeName ?? "") ?? throw new RecordingException(
            $"The journal has a {entry.TypeName ?? "message of unknown type"} at {Recording.Place(entry.Position)}: "
            + $"add the type to {nameof(RecordedTypes)}.");

    internal RecordedType<T> Find<T>(JournalEntry entry) => Find(entry) as RecordedType<T>
        ?? throw new RecordingException($"{entry.TypeName} is not the type that was added under that name.");

    internal RecordedAsk FindAsk(JournalEntry entry) =>
        _asks.GetValueOrDefault(entry.TypeName ?? "") ?? throw new RecordingException(
            $"The journal has the request {entry.TypeName} at {Recording.Place(entry.Position)}: say with "
            + $"{nameof(AddAsk)} what answers it.");

    /// <summary>Equal values; equal bytes, where the type is unknown. What was recorded without content equals
    /// anything.</summary>
    internal bool AreEqual(JournalEntry then, JournalEntry now)
    {
        if (then.Encoding == PayloadEncoding.Opaque)
        {
            return true;
        }

        return then.Encoding == now.Encoding
            && (_types.TryGetValue(then.TypeName ?? "", out RecordedType? type)
                ? type.AreEqual(then, now)
                : then.Payload.Span.SequenceEqual(now.Payload.Span));
    }

    internal string Describe(JournalEntry entry) => entry.Encoding switch
    {
        PayloadEncoding.Opaque => $"{entry.TypeName} without content",
        _ when _types.TryGetValue(entry.TypeName ?? "", out RecordedType? type) => type.Describe(entry),
        PayloadEncoding.Json => $"{entry.TypeName} {Encoding.UTF8.GetString(entry.Payload.Span)}",
        _ => $"{entry.TypeName} {Convert.ToHexString(entry.Payload.Span)}",
    };

    private RecordedTypes Add(string name, RecordedType recorded)
    {
        if (_types.TryGetValue(name, out RecordedType? other) && other.GetType() != recorded.GetType())
        {
            throw new ArgumentException($"A journal cannot tell two types apart that are both named {name}.");
        }

        _types[name] = recorded;
        return this;
    }
}

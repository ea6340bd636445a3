using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Outheis.Cli;

/// <summary>Records of the journal as lines of JSON. The names of the fields are promised by docs/cli.md.</summary>
internal sealed class EntryJson(Stream output) : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly ArrayBufferWriter<byte> _buffer = new(BufferBytes);
    private readonly Utf8JsonWriter _json = new(Stream.Null);

    public void Write(JournalEntry entry)
    {
        _json.Reset(_buffer);
        _json.WriteStartObject();
        WritePlace(entry);
        WriteRoute(entry);
        WriteContent(entry);
        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n"u8);
        if (_buffer.WrittenCount >= BufferBytes) Flush();
    }

    public void Flush()
    {
        output.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
        output.Flush();
    }

    public void Dispose() => _json.Dispose();

    private void WritePlace(JournalEntry entry)
    {
        _json.WriteString("position", Place.Of(entry.Position));
        _json.WriteNumber("run", entry.Run);
        _json.WriteString("time", entry.Time.UtcDateTime);
        _json.WriteString("kind", entry.Kind.ToString().ToLowerInvariant());
    }

    private void WriteRoute(JournalEntry entry)
    {
        bool isMessage = entry.Kind is JournalKind.Sent or JournalKind.Replied;
        if (isMessage || entry.Sender.Value != 0) WriteAgent("sender", entry.Sender, entry.SenderName);
        if (isMessage || entry.Target.Value != 0) WriteAgent("target", entry.Target, entry.TargetName);
        if (entry.TypeId != 0) _json.WriteNumber("typeId", entry.TypeId);
        if (entry.TypeName is { } type) _json.WriteString("type", type);
        if (isMessage) _json.WriteString("qos", entry.Qos.ToString());
        if (entry.Capability != 0) _json.WriteNumber("capability", entry.Capability);
        if (entry.Badge != 0) _json.WriteNumber("badge", entry.Badge);
        if (entry.Cause != 0) _json.WriteString("cause", Place.Of(entry.Cause));
        if (entry.Chain != 0) _json.WriteNumber("chain", entry.Chain);
        if (entry.Correlation != 0)
        {
            _json.WriteString("correlation", entry.Correlation.ToString("x", CultureInfo.InvariantCulture));
        }

        if (entry.IsFailure) _json.WriteBoolean("failed", true);
        if (entry.Deadline is { } deadline) _json.WriteString("deadline", deadline.UtcDateTime);
        if (entry.Labels != 0) _json.WriteNumber("labels", entry.Labels);
    }

    private void WriteAgent(string field, AgentId id, string? name)
    {
        _json.WriteNumber(field, id.Value);
        if (name is not null) _json.WriteString(field + "Name", name);
    }

    private void WriteContent(JournalEntry entry)
    {
        if (entry.Detail.Length > 0) _json.WriteString("detail", entry.Detail);
        if (entry.Consumed.Count > 0)
        {
            _json.WriteStartArray("consumed");
            foreach (ConsumedMessage message in entry.Consumed)
            {
                _json.WriteStartObject();
                _json.WriteString("position", Place.Of(message.Position));
                WriteAgent("target", message.Target, null);
                _json.WriteNumber("incarnation", message.Incarnation);
                _json.WriteEndObject();
            }

            _json.WriteEndArray();
        }

        if (HasContent(entry) && entry.Payload.Length > 0 && !TryWriteJson(entry))
        {
            _json.WriteBase64String("payloadBase64", entry.Payload.Span);
        }
    }

    // Why an effect failed is a text, and stands in the detail: its record has no type.
    private static bool HasContent(JournalEntry entry) =>
        entry.Kind is JournalKind.Sent or JournalKind.Replied or JournalKind.Armed or JournalKind.Snapshot
        || (entry.Kind == JournalKind.EffectEnded && entry.TypeId != 0);

    // Written anew, so that a line stays a line.
    private bool TryWriteJson(JournalEntry entry)
    {
        if (entry.PayloadText is not { } text) return false;
        using var document = JsonDocument.Parse(text);
        _json.WritePropertyName("payload");
        document.RootElement.WriteTo(_json);
        return true;
    }
}

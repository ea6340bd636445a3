using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Outheis;

/// <summary>Payloads as JSON. Bytes and layout may be anybody's: what cannot be what its kind says is shown as
/// hexadecimal digits, what lies outside the payload is left out, and nothing throws.</summary>
internal static class PayloadJson
{
    private const int ScaleMax = 28;                                    // of a decimal
    private const int OffsetMinutesMax = 14 * 60;                       // of a DateTimeOffset
    private const ulong TicksMask = 0x3FFF_FFFF_FFFF_FFFF;              // of a DateTime; above them is its kind

    /// <summary>False: that is no JSON, and nothing was written.</summary>
    public static bool TryWriteJson(Utf8JsonWriter writer, ReadOnlySpan<byte> payload)
    {
        if (!Utf8.IsValid(payload))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(payload);
            while (reader.Read())
            {
            }
        }
        catch (JsonException)
        {
            return false;
        }

        writer.WriteRawValue(payload, skipInputValidation: true);
        return true;
    }

    /// <summary>False: that is no message of such fields, and nothing was written.</summary>
    public static bool TryWriteFields(
        Utf8JsonWriter writer, MessageField[] fields, ReadOnlySpan<byte> payload)
    {
        payload = payload[..Math.Min(payload.Length, Limits.MessageBytesMax)];
        if (fields is [{ Name: MessageField.Whole } whole])
        {
            bool fits = Fits(whole, payload);
            if (fits)
            {
                WriteValue(writer, whole, payload);
            }

            return fits;
        }

        writer.WriteStartObject();
        foreach (MessageField field in fields)
        {
            if (Fits(field, payload))
            {
                writer.WritePropertyName(field.Name);
                WriteValue(writer, field, payload);
            }
        }

        writer.WriteEndObject();
        return true;
    }

    private static bool Fits(MessageField field, ReadOnlySpan<byte> payload) =>
        field.Offset <= payload.Length && field.Length <= payload.Length - field.Offset;

    private static void WriteValue(Utf8JsonWriter writer, MessageField field, ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> bytes = payload.Slice(field.Offset, field.Length);
        if (FieldKinds.IsInteger(field.Kind))
        {
            WriteInteger(writer, field, bytes);
        }
        else if (field.Kind is FieldKind.Int128 or FieldKind.UInt128)
        {
            writer.WriteRawValue(field.Kind == FieldKind.Int128
                ? Invariant(BinaryPrimitives.ReadInt128LittleEndian(bytes))
                : Invariant(BinaryPrimitives.ReadUInt128LittleEndian(bytes)));
        }
        else if (field.Kind is FieldKind.Half or FieldKind.Single)
        {
            WriteFloat(writer, field.Kind == FieldKind.Half
                ? (float)BinaryPrimitives.ReadHalfLittleEndian(bytes)
                : BinaryPrimitives.ReadSingleLittleEndian(bytes));
        }
        else if (field.Kind == FieldKind.Double)
        {
            WriteDouble(writer, BinaryPrimitives.ReadDoubleLittleEndian(bytes));
        }
        else if (!TryWriteSpecial(writer, field.Kind, bytes))
        {
            writer.WriteStringValue(Convert.ToHexString(bytes));
        }
    }

    private static void WriteInteger(Utf8JsonWriter writer, MessageField field, ReadOnlySpan<byte> bytes)
    {
        string number = field.Kind switch
        {
            FieldKind.Int8 => Invariant((sbyte)bytes[0]),
            FieldKind.UInt8 => Invariant(bytes[0]),
            FieldKind.Int16 => Invariant(BinaryPrimitives.ReadInt16LittleEndian(bytes)),
            FieldKind.UInt16 => Invariant(BinaryPrimitives.ReadUInt16LittleEndian(bytes)),
            FieldKind.Int32 => Invariant(BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            FieldKind.UInt32 => Invariant(BinaryPrimitives.ReadUInt32LittleEndian(bytes)),
            FieldKind.Int64 => Invariant(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            _ => Invariant(BinaryPrimitives.ReadUInt64LittleEndian(bytes)),
        };
        ReadOnlySpan<char> name = NameOf(number, field.Values);
        if (name.IsEmpty)
        {
            writer.WriteRawValue(number);
        }
        else
        {
            writer.WriteStringValue(name);
        }
    }

    /// <summary>The first name of an enum's value; empty if it has none.</summary>
    private static ReadOnlySpan<char> NameOf(ReadOnlySpan<char> number, ReadOnlySpan<char> values)
    {
        foreach (Range range in values.Split(','))
        {
            ReadOnlySpan<char> value = values[range];
            int equals = value.IndexOf('=');
            if (equals > 0 && value[(equals + 1)..].SequenceEqual(number))
            {
                return value[..equals];
            }
        }

        return [];
    }

    private static void WriteFloat(Utf8JsonWriter writer, float number)
    {
        if (float.IsFinite(number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(Invariant(number));
        }
    }

    private static void WriteDouble(Utf8JsonWriter writer, double number)
    {
        if (double.IsFinite(number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(Invariant(number));
        }
    }

    private static bool TryWriteSpecial(Utf8JsonWriter writer, FieldKind kind, ReadOnlySpan<byte> bytes)
    {
        switch (kind)
        {
            case FieldKind.Boolean when bytes[0] <= 1:
                writer.WriteBooleanValue(bytes[0] == 1);
                return true;
            case FieldKind.Decimal when TryReadDecimal(bytes, out decimal number):
                writer.WriteNumberValue(number);
                return true;
            case FieldKind.Char when BinaryPrimitives.ReadUInt16LittleEndian(bytes) is var unit
                && !char.IsSurrogate((char)unit):
                writer.WriteStringValue([(char)unit]);
                return true;
            case FieldKind.Guid:
                writer.WriteStringValue(new Guid(bytes));
                return true;
            case FieldKind.Time when TryReadTime(bytes, out string time):
                writer.WriteStringValue(time);
                return true;
            case FieldKind.Span:
                writer.WriteStringValue(new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(bytes)).ToString("c"));
                return true;
            case FieldKind.Offset when TryReadOffset(bytes, out DateTimeOffset offset):
                writer.WriteStringValue(offset.ToString("O", CultureInfo.InvariantCulture));
                return true;
            case FieldKind.Agent:
                writer.WriteStringValue(new AgentId(BinaryPrimitives.ReadUInt32LittleEndian(bytes)).ToString());
                return true;
            default:
                return false;
        }
    }

    /// <summary>In memory a decimal is its flags, then the high, the low and the middle of its digits.</summary>
    private static bool TryReadDecimal(ReadOnlySpan<byte> bytes, out decimal number)
    {
        ReadOnlySpan<int> parts = MemoryMarshal.Cast<byte, int>(bytes.ToArray());
        int scale = (parts[0] >> 16) & 0xFF;
        bool isDecimal = (parts[0] & 0x7F00_FFFF) == 0 && scale <= ScaleMax;
        number = isDecimal ? new decimal(parts[2], parts[3], parts[1], parts[0] < 0, (byte)scale) : 0;
        return isDecimal;
    }

    /// <summary>Of a local time the zone was never written, so none is shown.</summary>
    private static bool TryReadTime(ReadOnlySpan<byte> bytes, out string time)
    {
        ulong data = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        bool isTime = (data & TicksMask) <= (ulong)DateTime.MaxValue.Ticks;
        var kind = data >> 62 == (ulong)DateTimeKind.Utc ? DateTimeKind.Utc : DateTimeKind.Unspecified;
        time = isTime
            ? new DateTime((long)(data & TicksMask), kind).ToString("O", CultureInfo.InvariantCulture) : "";
        return isTime;
    }

    /// <summary>In memory the offset in minutes, a gap, then the time in UTC.</summary>
    private static bool TryReadOffset(ReadOnlySpan<byte> bytes, out DateTimeOffset time)
    {
        int minutes = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        long ticks = (long)(BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) & TicksMask);
        long local = ticks + minutes * TimeSpan.TicksPerMinute;
        bool isTime = minutes is >= -OffsetMinutesMax and <= OffsetMinutesMax && ticks <= DateTime.MaxValue.Ticks
            && local >= 0 && local <= DateTime.MaxValue.Ticks;
        time = isTime ? new DateTimeOffset(local, TimeSpan.FromMinutes(minutes)) : default;
        return isTime;
    }

    private static string Invariant<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}

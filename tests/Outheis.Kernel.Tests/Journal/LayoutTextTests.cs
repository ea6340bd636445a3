using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>Layouts in Schema records: honest ones come back, and no others do harm.</summary>
public sealed class LayoutTextTests
{
    private static readonly FieldKind[] s_kinds = Enum.GetValues<FieldKind>();

    [Fact]
    public void Lines_AreAsTheFormatSays()
    {
        MessageField[] fields =
        [
            new("Price.Cents", FieldKind.Int64, 0), new("Color", FieldKind.Int32, 8, values: "Red=0,Green=1"),
            new("Blob", FieldKind.Bytes, 12, length: 3),
        ];
        string text = LayoutText.Write(fields);
        Assert.Equal("0 i64 Price.Cents\n8 i32 Color Red=0,Green=1\n12 bytes[3] Blob\n", text);
        Assert.Equal(fields.Select(Words), LayoutText.Read(text).Select(Words));
    }

    [Fact]
    public void Kinds_AllHaveAName_AndComeBack()
    {
        MessageField[] fields = [.. s_kinds.Select((kind, i) => new MessageField($"f{i}", kind, i, length: 5))];
        Assert.Equal(fields.Select(Words), LayoutText.Read(LayoutText.Write(fields)).Select(Words));
        Assert.Equal(22, s_kinds.Length);
    }

    /// <summary>Whole lines up to the bound; an enum gives up its names first.</summary>
    [Theory]
    [InlineData(200, 10)]
    [InlineData(300, 10)]
    [InlineData(10, 2000)]
    [InlineData(1, 5000)]
    public void LongLayouts_AreCutBetweenLines(int count, int valuesChars)
    {
        var values = new string('v', valuesChars);
        MessageField[] fields = [.. Enumerable.Range(0, count).Select(i =>
            new MessageField($"field{i}", FieldKind.Int32, i * 4, values: values))];
        string text = LayoutText.Write(fields);
        MessageField[] read = LayoutText.Read(text);
        Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, JournalLimits.LayoutBytesMax);
        Assert.Equal(read.Length < count, text.EndsWith("\n...\n", StringComparison.Ordinal));
        Assert.Equal(fields.Take(read.Length).Select(f => (f.Name, f.Offset)), read.Select(f => (f.Name, f.Offset)));
    }

    [Theory]
    [InlineData(0, null, 1)]
    [InlineData(1, "", 1)]
    [InlineData(ushort.MaxValue, "0 i32 A\n", ushort.MaxValue)]
    public void SchemaRecord_ComesBack_AndVersionZeroIsOne(int version, string? fields, int expected)
    {
        var record = new SchemaRecord(PayloadEncoding.Raw, 4, "Ns.Größe", (ushort)version, fields);
        byte[] bytes = new byte[record.Bytes];
        record.Write(bytes);
        Assert.True(SchemaRecord.TryRead(bytes, out SchemaRecord read));
        Assert.Equal(record with { Version = (ushort)expected }, read);
    }

    [Fact]
    public void SchemaRecord_LongName_IsCutAndItsFieldsAreNot()
    {
        var record = new SchemaRecord(PayloadEncoding.Raw, 4, new string('n', 3000), 2, "0 i32 A\n");
        byte[] bytes = new byte[record.Bytes];
        record.Write(bytes);
        Assert.True(SchemaRecord.TryRead(bytes, out SchemaRecord read));
        Assert.Equal((JournalLimits.TextBytesMax, "0 i32 A\n"), (read.Name.Length, read.Fields));
    }

    [Theory]
    [InlineData("Int32", "Int32")]
    [InlineData("System.Int32", "Int32")]
    [InlineData("A.B+C", "C")]
    [InlineData("A.B`1+C[System.Int32]", "C")]
    [InlineData("System.ValueTuple`2[System.Int32,A.B[C.D][]]", "ValueTuple`2")]
    [InlineData("System.Byte[]", "Byte[]")]
    [InlineData("shop.sold", "sold")]
    [InlineData("", "")]
    [InlineData("...", "...")]
    [InlineData("[[[", "[[[")]
    [InlineData("]].]", "]")]
    public void SimpleName_IsTheLastPart(string name, string simple) =>
        Assert.Equal(simple, JournalType.Simple(name));

    [Theory]
    [InlineData(typeof(int)), InlineData(typeof(Dictionary<int, List<string>>)), InlineData(typeof((int, byte[])))]
    [InlineData(typeof(byte[])), InlineData(typeof(Dictionary<int, int>.Enumerator)), InlineData(typeof(int?))]
    public void SimpleName_IsThatOfTheType(Type type) => Assert.Equal(type.Name, JournalType.Simple(type.ToString()));

    [Theory]
    [InlineData("0 i32 A\n-1 i32 B\n99999999999 i32 C\n", """{"A":67305985}""")]
    [InlineData("3 i32 A\n4 u8 B\n8 u8 C\n2147483647 i64 D\n7 u8 E", """{"A":117835012,"B":5,"E":8}""")]
    [InlineData("0 bytes[2147483647] A\n6 bytes[2] B\n8 bytes[0] C\n1 bytes[-1] D\n", """{"B":"0708","C":""}""")]
    [InlineData("0 i32 . \n", "67305985")]
    [InlineData("0 u8 . 1\n", "1")]
    [InlineData("0 u8 . =1\n", "1")]
    [InlineData("0 u8 . x=2,One=1,Also=1\n", "\"One\"")]
    [InlineData("0 u8 A\n0 u8 A\n\r\n ...\n i8  i8\n0 none A\n0 bytes A\n0 i8[3] A\n0 bytes] A\n", """{"A":1,"A":1}""")]
    [InlineData("0 bool \u0007\"\n0 decimal A\n0 guid B\n", """{"\u0007\u0022":true}""")]
    [InlineData("", "{}")]
    public void DamagedLayouts_ShowWhatFits(string lines, string expected) =>
        Assert.Equal(expected, Json(lines, [1, 2, 3, 4, 5, 6, 7, 8]));

    [Theory]
    [InlineData("0 i64 .\n")]
    [InlineData("4 u8 .\n")]
    public void WholeMessage_ThatDoesNotFit_IsNotShown(string lines) => Assert.Null(Json(lines, [1, 2, 3, 4]));

    /// <summary>Whatever the lines and the bytes: JSON or nothing, never an exception, and not much more than both.
    /// </summary>
    [Property(MaxTest = 2000)]
    public void AnyLayout_OverAnyBytes_IsJsonOrNothing(
        (int Offset, byte Kind, int Length, string? Name, string? Values)[] lines, byte[] payload, byte longer)
    {
        var text = new StringBuilder();
        foreach ((int offset, byte kind, int length, string? name, string? values) in lines)
        {
            FieldKind known = s_kinds[kind % s_kinds.Length];
            string word = known == FieldKind.Bytes
                ? string.Create(CultureInfo.InvariantCulture, $"bytes[{length}]") : FieldKinds.Name(known);
            text.Append(CultureInfo.InvariantCulture, $"{offset % 40} {word} {name}x {values}\n");
        }

        byte[] bytes = [.. Enumerable.Repeat(payload, 1 + longer % 4).SelectMany(static part => part)];
        IsJsonOrNothing(text.ToString(), bytes);
    }

    [Property(MaxTest = 2000)]
    public void AnySchemaRecord_IsReadOrRefused(byte[] record, byte[] payload)
    {
        byte[] text = [.. record, .. "\n0 i64 A\n"u8, .. record];
        if (SchemaRecord.TryRead(text, out SchemaRecord schema))
        {
            IsJsonOrNothing(schema.Fields ?? "", payload);
            Assert.NotNull(JournalType.Simple(schema.Name));
        }
    }

    [Property(MaxTest = 1000)]
    public void AnyBytesAsJson_AreJsonOrNothing(byte[] payload, string? text)
    {
        IsJsonOrNothing(writer => PayloadJson.TryWriteJson(writer, payload));
        byte[] encoded = JsonSerializer.SerializeToUtf8Bytes(text);
        Assert.Equal(
            Encoding.UTF8.GetString(encoded), IsJsonOrNothing(w => PayloadJson.TryWriteJson(w, encoded)));
        IsJsonOrNothing(writer => PayloadJson.TryWriteJson(writer, encoded.AsSpan(0, encoded.Length - 1)));
    }

    [Fact]
    public void DeepJson_IsNotShown() => Assert.Null(
        IsJsonOrNothing(writer => PayloadJson.TryWriteJson(writer, Encoding.UTF8.GetBytes(new string('[', 5000)))));

    private static string? Json(string lines, byte[] payload)
    {
        MessageField[] fields = LayoutText.Read(lines);
        return Written(writer => PayloadJson.TryWriteFields(writer, fields, payload));
    }

    private static void IsJsonOrNothing(string lines, byte[] payload)
    {
        MessageField[] fields = LayoutText.Read(lines);
        string? json = IsJsonOrNothing(writer => PayloadJson.TryWriteFields(writer, fields, payload));
        Assert.InRange(json?.Length ?? 0, 0, 64 + 8 * lines.Length + fields.Length * (64 + 2 * payload.Length));
    }

    private static string? IsJsonOrNothing(Func<Utf8JsonWriter, bool> write)
    {
        string? json = Written(write);
        if (json is not null)
        {
            using JsonDocument document = JsonDocument.Parse(json);
        }

        return json;
    }

    private static string? Written(Func<Utf8JsonWriter, bool> write)
    {
        var text = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(text);
        bool written = write(writer);
        writer.Flush();
        Assert.True(written || text.WrittenCount == 0);
        return written ? Encoding.UTF8.GetString(text.WrittenSpan) : null;
    }

    private static string Words(MessageField field) => string.Create(
        CultureInfo.InvariantCulture, $"{field.Name} {field.Kind} {field.Offset} {field.Length} {field.Values}");
}

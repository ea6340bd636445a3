using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Outheis.Tests.Shapes;
using Xunit;

namespace Outheis.Tests;

/// <summary>What the journal says of messages whose layouts the source generator registered, and of others.</summary>
public sealed partial class MessageLayoutTests
{
    private static readonly DateTime s_time = new(2024, 2, 29, 13, 14, 15, 167, DateTimeKind.Utc);
    private static readonly Guid s_guid = new("00112233-4455-6677-8899-aabbccddeeff");

    private static readonly JournalShape[] s_shapes =
    [
        JournalShape.Of(
            new Numbers(-1, 255, -2, 65535, -3, uint.MaxValue, long.MinValue, ulong.MaxValue, Int128.MinValue, 1),
            """
            {"A":-1,"B":255,"C":-2,"D":65535,"E":-3,"F":4294967295,"G":-9223372036854775808,"H":18446744073709551615,
            "I":-170141183460469231731687303715884105728,"J":1}
            """),
        JournalShape.Of(
            new Reals(1.5f, -0.1, (Half)0.25, -12.30m, float.NaN, double.NegativeInfinity),
            """{"A":1.5,"B":-0.1,"C":0.25,"D":-12.30,"Nan":"NaN","Infinite":"-Infinity"}"""),
        JournalShape.Of(
            new Others(true, 'x', s_guid, new AgentId(7), -5, 6),
            """{"A":true,"B":"x","C":"00112233-4455-6677-8899-aabbccddeeff","D":"#7","E":-5,"F":6}"""),
        JournalShape.Of(new Others(false, '\uD800', default, default, 0, 0),
            """{"A":false,"B":"00D8","C":"00000000-0000-0000-0000-000000000000","D":"host","E":0,"F":0}"""),
        JournalShape.Of(
            new Times(9, s_time, 8, TimeSpan.FromMinutes(-90), new DateTimeOffset(2024, 3, 1, 1, 2, 3,
                TimeSpan.FromHours(-2.5)), new DateTime(1, DateTimeKind.Local)),
            """
            {"Before":9,"A":"2024-02-29T13:14:15.1670000Z","Between":8,"B":"-01:30:00",
            "C":"2024-03-01T01:02:03.0000000-02:30","D":"0001-01-01T00:00:00.0000001"}
            """),
        JournalShape.Of(new Colors(Color.Red, (Color)5, (Bare)6, Color.Blue),
            """{"Named":"Red","Unnamed":5,"Empty":6,"Last":"Blue"}"""),
        JournalShape.Of(default(Empty), "{}"),
        JournalShape.Of(new Nested(true, new Inner(1, 2), default, new Inner(3, 4), 5),
            """
            {"Before":true,"First.Small":1,"First.Large":2,"Second.Small":3,"Second.Large":4,"After":5}
            """),
        JournalShape.Of(new Union { Odd = -7, Same = 1 }, """{"Late":1065353216,"Odd":-7,"Same":1}"""),
        JournalShape.Of(new Packed(1, 2, 3), """{"A":1,"B":2,"C":3}"""),
        JournalShape.Of(new Reordered(1, 2, 3, 4), """{"A":1,"B":2,"C":3,"D":4}"""),
        JournalShape.Of(WithArray(), """{"Before":1,"Three":"020003000400","_after":9}"""),
        JournalShape.Of(WithBuffer(), """{"Before":-1,"Data":"0100000005"}"""),
        JournalShape.Of(WithHiddenBuffer(), null),
        JournalShape.Of(new Pair<int>(1, -2), """{"Tag":1,"Value":-2}"""),
        JournalShape.Of(new Pair<Guid>(1, s_guid),
            """{"Tag":1,"Value":"00112233-4455-6677-8899-aabbccddeeff"}"""),
        JournalShape.Of(new Outer<long>.Held(-8), """{"_value":-8}"""),
        JournalShape.Of(new Optional(1, 2), """{"A":1,"B":"0100000002000000"}"""),
        JournalShape.Of(new Framework(DateOnly.FromDayNumber(258), new Index(3), 4),
            """{"Day":"02010000","Place":"03000000","After":4}"""),
        JournalShape.Of(new Captured(5, 6), """{"hidden":5,"Shown":6}"""),
        JournalShape.Of(new @class(1, 2), """{"int":1,"Gr\u00F6\u00DFe":2}"""),
        JournalShape.Of(new Renamed(6), """{"Amount":6}"""),
        JournalShape.Of(new Asked(-4), """{"Number":-4}"""),
        JournalShape.Of(new Replied(4), """{"Number":4}"""),
        JournalShape.Of(-11, "-11"),
        JournalShape.Of(Color.Green, "\"Green\""),
        JournalShape.Of(((byte)1, 2L), """{"Item1":1,"Item2":2}"""),
        JournalShape.Of(WithArray().Three, "\"020003000400\""),
        JournalShape.Of(DateOnly.FromDayNumber(1), "\"01000000\""),
        ShapesAgent.PrivateShape,
        JournalShape.Of(new Unseen(5), null),
        JournalShape.Of(new Told("no codec"), null),
    ];

    /// <summary>No agent of this assembly says that it handles one: only an open class does.</summary>
    internal readonly record struct Unseen(int Number);

    public static TheoryData<int> Shapes => [.. Enumerable.Range(0, s_shapes.Length)];

    [Theory, MemberData(nameof(Shapes))]
    public void PayloadText_OfEveryShape_IsWhatWasSent(int number)
    {
        JournalEntry entry = s_shapes[number].Journaled();
        Assert.True(
            s_shapes[number].Expected?.ReplaceLineEndings("") == entry.PayloadText,
            $"{s_shapes[number]}: {entry.PayloadText}");
    }

    [Fact]
    public void Journal_SaysNameAndVersion_OfTheAttributesOrTheType()
    {
        JournalEntry renamed = JournalShape.Of(new Renamed(1), null).Journaled();
        Assert.Equal(("sold", "shop.sold", 3), (renamed.TypeName, renamed.TypeFullName, renamed.TypeVersion));
        JournalEntry plain = JournalShape.Of(new Outer<long>.Held(1), null).Journaled();
        Assert.Equal(("Held", 1), (plain.TypeName, plain.TypeVersion));
        Assert.Equal("Outheis.Tests.Shapes.Outer`1+Held[System.Int64]", plain.TypeFullName);
        JournalEntry unseen = JournalShape.Of(new Unseen(1), null).Journaled();
        Assert.Equal((nameof(Unseen), typeof(Unseen).FullName, 1),
            (unseen.TypeName, unseen.TypeFullName, unseen.TypeVersion));
    }

    [Fact]
    public void PayloadText_OfJson_IsTheJson()
    {
        JournalEntry entry = JournalShape.Of(new Told("a \"word\""), null)
            .Journaled(new MessageCodecs().AddJson(ShapesJson.Default.Told));
        Assert.Equal(Encoding.UTF8.GetString(entry.Payload.Span), entry.PayloadText);
        Assert.Equal(("told", "shop.told", 4), (entry.TypeName, entry.TypeFullName, entry.TypeVersion));
    }

    [Fact]
    public void TryWritePayload_WritesOneValue()
    {
        var text = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(text);
        writer.WriteStartArray();
        Assert.True(JournalShape.Of(new Asked(3), null).Journaled().TryWritePayload(writer));
        Assert.False(JournalShape.Of(new Unseen(3), null).Journaled().TryWritePayload(writer));
        writer.WriteEndArray();
        writer.Flush();
        Assert.Equal("""[{"Number":3}]""", Encoding.UTF8.GetString(text.WrittenSpan));
    }

    [Fact]
    public void Register_AfterTheGenerated_IsWhatCounts()
    {
        MessageLayout.Register<Own>(static () => throw new MissingFieldException());
        Assert.Null(MessageLayout.Of<Own>());
        Assert.Null(JournalShape.Of(new Own(1), null).Journaled().PayloadText);
        MessageLayout.Register<Own>(static () => new("own", 2, [new("Low", FieldKind.UInt8, 0)]));
        JournalEntry entry = JournalShape.Of(new Own(258), null).Journaled();
        Assert.Equal(("""{"Low":2}""", "own", 2), (entry.PayloadText, entry.TypeFullName, entry.TypeVersion));
    }

    [Fact]
    public void Layout_WithWhatTheJournalCannotSay_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new MessageLayout("two\nlines"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MessageLayout("name", 0));
        Assert.Throws<ArgumentException>(() => new MessageField("a b", FieldKind.Int8, 0));
        Assert.Throws<ArgumentException>(() => new MessageField("a", FieldKind.Int8, 0, values: "X=1, Y=2"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MessageField("a", FieldKind.Int8, -1));
        Assert.Equal(16, new MessageField("a", FieldKind.Guid, 0, length: 3).Length);
    }

    private static WithArray WithArray()
    {
        var message = new WithArray { Before = 1, After = 9 };
        for (int i = 0; i < 3; i++)
        {
            message.Three[i] = (short)(i + 2);
        }

        return message;
    }

    private static unsafe WithBuffer WithBuffer()
    {
        var message = new WithBuffer { Before = -1 };
        (message.Data[0], message.Data[4]) = (1, 5);
        return message;
    }

    private static WithHiddenBuffer WithHiddenBuffer()
    {
        var message = default(WithHiddenBuffer);
        message.Set(3);
        return message;
    }

    internal readonly record struct Own(int Number);

    [JsonSerializable(typeof(Told))]
    private sealed partial class ShapesJson : JsonSerializerContext;
}

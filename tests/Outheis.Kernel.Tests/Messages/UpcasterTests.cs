using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using FsCheck.Xunit;
using Outheis.Tests.Shapes;
using Outheis.Tests.Versions;
using Xunit;

namespace Outheis.Tests;

/// <summary>Records of older versions read as the present ones, and what is not read.</summary>
public sealed partial class UpcasterTests
{
    private static readonly MessageCodecs Written = new MessageCodecs()
        .AddJson(VersionsJson.Default.Price).AddJson(VersionsJson.Default.NoteV1)
        .AddJson(VersionsJson.Default.NoteV2).AddJson(VersionsJson.Default.Note)
        .Add<PriceV1>().Add<PriceV2>().Add<PriceV3>()
        .Add<Moved>().Add<MovedSwapped>().Add<MovedFloat>().Add<MovedLonger>()
        .Add<Sized>().Add<SizedMore>().Add<SizedTurned>();

    private static MessageCodecs Prices() => new MessageCodecs().AddJson(VersionsJson.Default.Price)
        .AddUpcaster<PriceV2, PriceV3>(static old => new PriceV3(old.Cents / 100m, old.Currency))
        .AddUpcaster<PriceV1, PriceV2>(static old => new PriceV2(old.Cents, 7))
        .AddUpcaster<PriceV3, Price>(static old => new Price(old.Amount, $"#{old.Currency}"));

    private static JournalEntry Recorded<T>(T message) => JournalShape.Of(message, null).Journaled(Written);

    private static string WhyNot<T>(MessageCodecs codecs, JournalEntry entry)
    {
        Assert.False(codecs.TryRead(entry, out T? _));
        return codecs.Read(entry, out T _)!;
    }

    [Fact]
    public void RawChain_OfAnyLength_EndsAtThePresentVersion()
    {
        MessageCodecs codecs = Prices();
        Assert.True(codecs.TryRead(Recorded(new PriceV1(250)), out Price? price));
        Assert.Equal(new Price(2.5m, "#7"), price);
        Assert.True(codecs.TryRead(Recorded(new PriceV2(long.MaxValue, 3)), out price));
        Assert.Equal(new Price(long.MaxValue / 100m, "#3"), price);
        Assert.True(codecs.TryRead(Recorded(new PriceV3(1, 2)), out price));
        Assert.Equal(new Price(1, "#2"), price);
        Assert.True(codecs.TryRead(Recorded(new Price(4, "EUR")), out price));
        Assert.Equal(new Price(4, "EUR"), price);
        Assert.True(codecs.TryRead(Recorded(new PriceV1(250)), out PriceV2 between));      // not the newest: as asked
        Assert.Equal(new PriceV2(250, 7), between);
    }

    [Fact]
    public void JsonChain_NeedsNoTypeOfTheOldVersions()
    {
        MessageCodecs codecs = new MessageCodecs().AddJson(VersionsJson.Default.Note)
            .AddJsonUpcaster<Note>(1, static old => Titled(old, "old"))
            .AddJsonUpcaster<Note>(2, static old =>
            {
                old["Tags"] = new JsonArray((string?)old["Tag"]);
                return old;
            });
        Assert.True(codecs.TryRead(Recorded(new NoteV1("a \"b\"")), out Note? note));
        AssertIs("a \"b\"", "old", note);
        Assert.True(codecs.TryRead(Recorded(new NoteV2("c", "d")), out note));
        AssertIs("c", "d", note);
    }

    [Fact]
    public void MixedChains_GoFromJsonToTypesAndBack()
    {
        MessageCodecs first = new MessageCodecs().AddJson(VersionsJson.Default.Note)
            .AddJson(VersionsJson.Default.NoteV2)
            .AddJsonUpcaster<Note>(1, static old => Titled(old, "t"))
            .AddUpcaster<NoteV2, Note>(static old => new Note(old.Title, [old.Tag]));
        Assert.True(first.TryRead(Recorded(new NoteV1("a")), out Note? note));
        AssertIs("a", "t", note);
        MessageCodecs second = new MessageCodecs().AddJson(VersionsJson.Default.Note)
            .AddJson(VersionsJson.Default.NoteV1).AddJson(VersionsJson.Default.NoteV2)
            .AddUpcaster<NoteV1, NoteV2>(static old => new NoteV2(old.Text, "u"))
            .AddJsonUpcaster<Note>(2, static old => new JsonObject
            {
                ["Title"] = (string?)old["Title"], ["Tags"] = new JsonArray((string?)old["Tag"]),
            });
        Assert.True(second.TryRead(Recorded(new NoteV1("a")), out note));
        AssertIs("a", "u", note);
        MessageCodecs without = new MessageCodecs().AddJson(VersionsJson.Default.Note)
            .AddJson(VersionsJson.Default.NoteV1)
            .AddUpcaster<NoteV1, NoteV2>(static old => new NoteV2(old.Text, "u"))
            .AddJsonUpcaster<Note>(2, static old => old);
        Assert.Contains(
            "NoteV2 has no codec", WhyNot<Note>(without, Recorded(new NoteV1("a"))), StringComparison.Ordinal);
    }

    [Fact]
    public void MissingLink_IsNamedAndTheRecordStaysPrintable()
    {
        JournalEntry old = Recorded(new PriceV1(250));
        Assert.Equal("its version is 1, and this program has version 4: add an upcaster from version 1 to 2",
            WhyNot<Price>(new MessageCodecs(), old));
        MessageCodecs half = new MessageCodecs()
            .AddUpcaster<PriceV1, PriceV2>(static old => new PriceV2(old.Cents, 7));
        Assert.EndsWith("add an upcaster from version 2 to 3", WhyNot<Price>(half, old), StringComparison.Ordinal);
        Assert.Equal("""{"Cents":250}""", old.PayloadText);
    }

    [Fact]
    public void NewerVersion_OtherName_AndWhatIsNoMessage_AreNotRead()
    {
        MessageCodecs codecs = Prices();
        Assert.Contains("is older and has version 1", WhyNot<PriceV1>(codecs, Recorded(new PriceV2(1, 2))),
            StringComparison.Ordinal);
        Assert.Contains("is older and has version 2", WhyNot<PriceV2>(codecs, Recorded(new Price(1, "EUR"))),
            StringComparison.Ordinal);
        Assert.Contains(
            "named shop.moved", WhyNot<PriceV2>(codecs, Recorded(new Moved(1, 2))), StringComparison.Ordinal);
        Assert.Contains("was not written", WhyNot<Note>(codecs, JournalShape.Of(
            new Note("a", []), null).Journaled()), StringComparison.Ordinal);
        Assert.Contains("Note has no codec", WhyNot<Note>(new MessageCodecs(), Recorded(new Note("a", []))),
            StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => codecs.TryRead(null!, out Price? _));
    }

    /// <summary>The same version and the same length, but the bytes mean something else.</summary>
    [Fact]
    public void LayoutThatChangedWithoutItsVersion_IsRecognisedAndNotReadAsRubbish()
    {
        var codecs = new MessageCodecs();
        JournalEntry recorded = Recorded(new Moved(3, 4));
        Assert.True(codecs.TryRead(recorded, out Moved same));
        Assert.Equal(new Moved(3, 4), same);
        Assert.Contains("raise its [MessageVersion]", WhyNot<MovedSwapped>(codecs, recorded), StringComparison.Ordinal);
        Assert.Contains("raise its [MessageVersion]", WhyNot<MovedFloat>(codecs, recorded), StringComparison.Ordinal);
        Assert.Contains("raise its [MessageVersion]", WhyNot<MovedLonger>(codecs, recorded), StringComparison.Ordinal);
        Assert.True(codecs.TryRead(recorded, out same));      // the verdict about one layout is not that about another
        Assert.Equal("""{"Width":3,"Height":4}""", recorded.PayloadText);
    }

    [Fact]
    public void Enum_WithMoreValues_IsReadAndOneWithOtherNumbersIsNot()
    {
        var codecs = new MessageCodecs();
        JournalEntry recorded = Recorded(new Sized(Size.Large));
        Assert.True(codecs.TryRead(recorded, out SizedMore more));
        Assert.Equal(SizeMore.Large, more.Value);
        Assert.True(codecs.TryRead(Recorded(new SizedMore(SizeMore.Small)), out Sized less));
        Assert.Equal(Size.Small, less.Value);
        Assert.Contains("lie elsewhere", WhyNot<SizedTurned>(codecs, recorded), StringComparison.Ordinal);
    }

    [Fact]
    public void UpcasterThatThrows_SaysWhichAndWhere()
    {
        MessageCodecs codecs = new MessageCodecs().AddUpcaster<PriceV1, PriceV2>(
            static old => throw new OverflowException($"{old.Cents} is too much"));
        JournalEntry entry = Recorded(new PriceV1(9));
        var failure = Assert.Throws<JournalException>(() => codecs.TryRead(entry, out PriceV2 _));
        Assert.Equal(
            $"The upcaster of shop.price from version 1 to 2 threw at {entry.Position}: "
            + "OverflowException: 9 is too much", failure.Message);
        Assert.IsType<OverflowException>(failure.InnerException);
    }

    [Fact]
    public void WrongRegistrations_AreRefusedWithWords()
    {
        MessageCodecs codecs = Prices();
        Refused("leads to the next version of one message type",
            () => codecs.AddUpcaster<Moved, PriceV2>(static _ => default));
        Refused("from version 1 to 1. Raise", () => codecs.AddUpcaster<Moved, MovedSwapped>(static _ => default));
        Refused("from version 1 to 3. Add one", () => codecs.AddUpcaster<PriceV1, PriceV3>(static _ => default));
        Refused("would come from version 2 to 1", () => codecs.AddUpcaster<PriceV2, PriceV1>(static _ => default));
        Refused("from version 1 to 2 already", () => codecs.AddUpcaster<PriceV1, PriceV2>(static _ => default));
        Refused("from version 1 to 2 already", () => codecs.AddJsonUpcaster<Price>(1, static old => old));
        Refused("nothing leads on from version 4", () => codecs.AddJsonUpcaster<Price>(4, static old => old));
        Refused("fromVersion", () => codecs.AddJsonUpcaster<Price>(0, static old => old));
        Refused("generated code can name", () => codecs.AddUpcaster<Hidden, PriceV2>(static _ => default));
        Assert.Throws<ArgumentNullException>(() => codecs.AddUpcaster<PriceV1, PriceV2>(null!));
        Assert.Throws<ArgumentNullException>(() => codecs.AddJsonUpcaster<Price>(1, null!));
        Assert.True(codecs.TryRead(Recorded(new PriceV1(250)), out Price? price));      // nothing was changed
        Assert.Equal(new Price(2.5m, "#7"), price);
    }

    [Fact]
    public void ChainWithAHole_IsRefusedWhenTheKernelStarts()
    {
        MessageCodecs codecs = new MessageCodecs().AddJson(VersionsJson.Default.Price)
            .AddUpcaster<PriceV3, Price>(static old => new Price(old.Amount, ""))
            .AddUpcaster<PriceV1, PriceV2>(static old => new PriceV2(old.Cents, 7));
        Refused("add one from version 2 to 3", () => Kernel.Start(new KernelOptions { Cores = 1, Codecs = codecs }));
    }

    /// <summary>Whatever the steps do and wherever the record begins, the result is that of one after the
    /// other.</summary>
    [Property(MaxTest = 60)]
    public void Chain_OfAnySteps_IsTheirComposition(long value, byte from, long[] factors, long[] terms)
    {
        const int Newest = 9;
        int first = 1 + (from % Newest);
        long Step(int version, long x) => unchecked(
            (x * factors.ElementAtOrDefault(version % 5)) ^ (version * terms.ElementAtOrDefault(version % 3)));
        Register(first);
        JournalEntry entry = JournalShape.Of(new Counter(value), null)
            .Journaled(new MessageCodecs().AddJson(CounterJson.Default.Counter));
        Register(Newest);
        MessageCodecs codecs = new MessageCodecs().AddJson(CounterJson.Default.Counter);
        foreach (int version in Enumerable.Range(1, Newest - 1).Reverse())
        {
            codecs.AddJsonUpcaster<Counter>(
                version, old => new JsonObject { ["Value"] = Step(version, (long)old["Value"]!) });
        }

        long expected = Enumerable.Range(first, Newest - first).Aggregate(value, (x, version) => Step(version, x));
        Assert.Equal(first, entry.TypeVersion);
        Assert.True(codecs.TryRead(entry, out Counter? read));
        Assert.Equal(expected, read!.Value);
    }

    /// <summary>The same through the types of a program.</summary>
    [Property(MaxTest = 30)]
    public void TypedChain_OfAnySteps_IsTheirComposition(int cents, long factor, int currency)
    {
        Func<PriceV1, PriceV2> first = old => new PriceV2(unchecked(old.Cents * factor), currency);
        Func<PriceV2, PriceV3> second = old => new PriceV3(old.Cents, unchecked(old.Currency * 3));
        Func<PriceV3, Price> third = old => new Price(old.Amount / 4, $"{old.Currency}");
        MessageCodecs codecs = new MessageCodecs().AddUpcaster(third).AddUpcaster(first).AddUpcaster(second);
        Assert.True(codecs.TryRead(Recorded(new PriceV1(cents)), out Price? read));
        Assert.Equal(third(second(first(new PriceV1(cents)))), read);
    }

    private static JsonObject Titled(JsonObject old, string tag) =>
        new() { ["Title"] = (string?)old["Text"], ["Tag"] = tag };

    private static void AssertIs(string title, string tag, Note? note)
    {
        Assert.Equal(title, note?.Title);
        Assert.Equal([tag], note!.Tags);
    }

    private static void Register(int version) =>
        MessageLayout.Register<Counter>(() => new MessageLayout("test.counter", (ushort)version));

    private static void Refused(string words, Action act) =>
        Assert.Contains(words, Assert.ThrowsAny<ArgumentException>(act).Message, StringComparison.Ordinal);

    private readonly record struct Hidden(int Number);

    internal sealed record Counter(long Value);

    [JsonSerializable(typeof(Counter))]
    private sealed partial class CounterJson : JsonSerializerContext;
}

using System.Reflection;
using Outheis.Testing.Xunit;
using Xunit;
using Xunit.Sdk;

namespace Outheis.Testing.Tests.Kit;

/// <summary>A recorded journal as the rows of a theory.</summary>
public sealed class JournalDataTests
{
    private const string Shop = "../../docs/samples/Testing/Recordings/shop";

    [Theory, JournalData(Shop)]
    public void Agents_OfTheSample_AreRows(RecordedAgent recorded) =>
        Assert.Contains(recorded.Name, (string[])["shop", "stock", "billing"]);

    [Theory, JournalData(Shop, Agent = "stock", Rows = JournalRows.Messages)]
    public void Messages_OfTheStock_AreRequestsOfTheShop(RecordedMessage recorded) =>
        Assert.Equal(("GetPrice", "shop", true), (recorded.TypeName, recorded.SenderName, recorded.IsRequest));

    [Fact]
    public async Task GetData_ByAgentAndType_HasTheseInTheirOrder()
    {
        IReadOnlyCollection<ITheoryDataRow> rows = await RowsOf(
            new JournalDataAttribute(Shop) { Agent = "shop", Rows = JournalRows.Messages, Type = "Order" });
        Assert.Equal(3, rows.Count);
        Assert.Equal([1, 5, 3], rows.Select(static row => ((RecordedMessage)row.GetData()[0]!).As<Order>().Pieces));
        Assert.Equal(3, (await RowsOf(new JournalDataAttribute(Shop))).Count);
    }

    [Fact]
    public async Task GetData_NoSuchFolder_NamesThePlaces()
    {
        DirectoryNotFoundException failure = await Assert.ThrowsAsync<DirectoryNotFoundException>(
            () => RowsOf(new JournalDataAttribute("Recordings/none")));
        string project = Path.Combine("Outheis.Testing.Tests", "Recordings", "none");
        Assert.Contains(project, failure.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine("net10.0", "Recordings", "none"), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetData_NoJournalOrNoRow_SaysSo()
    {
        RecordingException none = await Assert.ThrowsAsync<RecordingException>(
            () => RowsOf(new JournalDataAttribute("Kit")));
        Assert.Contains("holds no journal", none.Message, StringComparison.Ordinal);
        InvalidOperationException empty = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RowsOf(new JournalDataAttribute(Shop) { Agent = "nobody" }));
        Assert.Contains("shop of run 1, 4 messages", empty.Message, StringComparison.Ordinal);
    }

    private readonly record struct Order(int Item, int Pieces);

    private static async Task<IReadOnlyCollection<ITheoryDataRow>> RowsOf(JournalDataAttribute attribute)
    {
        MethodInfo any = typeof(JournalDataTests).GetMethod(nameof(Agents_OfTheSample_AreRows))!;
        await using var tracker = new DisposalTracker();
        return await attribute.GetData(any, tracker);
    }
}

using Outheis.Testing;
using Outheis.Testing.Xunit;
using Xunit;

namespace Outheis.Samples.Testing;

public sealed class ShopReplayTests
{
    private static readonly RecordedTypes s_types = new RecordedTypes()
        .Add<Order>().Add<GetPrice>().Add<Price>().Add<GetTotal>().Add<Total>()
        .Add(ShopJson.Default.Bill)
        .AddAsk<GetTotal, Total>();

    [Theory, JournalData("Recordings/shop", Agent = "shop")]
    public void Shop_Recorded_DoesTheSame(RecordedAgent recorded) =>
        Replay.Run(recorded, s_types, endowment => new Shop(
            endowment.GrantAsk<GetPrice, Price>("stock"), endowment.Grant<Bill>("billing"), endowment.Time));

    [Theory, JournalData("Recordings/shop", Rows = JournalRows.Messages, Type = nameof(Order))]
    public void Order_Recorded_HasPieces(RecordedMessage recorded) =>
        Assert.InRange(recorded.As<Order>().Pieces, 1, 100);

    /// <summary>Makes the recording anew, when a message type has changed: run it alone, explicitly.</summary>
    [Fact(Explicit = true)]
    public async Task Record()
    {
        string folder = Path.GetFullPath("../../../Recordings/shop", AppContext.BaseDirectory);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        await using (Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1,
            SegmentBytes = 64 << 10,
            JournalDirectory = folder,
            Codecs = new MessageCodecs().AddJson(ShopJson.Default.Bill),
        }))
        {
            Output<Bill> billing = kernel.OpenOutput<Bill>("billing");
            AgentId stock = kernel.Spawn("stock", () => new Stock());
            AgentId shop = kernel.Spawn("shop", endowment => new Shop(
                endowment.GrantAsk<GetPrice, Price>(stock), endowment.GrantOutput(billing), TimeProvider.System));
            Capability<Order> order = kernel.Grant<Order>(shop);
            foreach (int pieces in (int[])[1, 5, 3])
            {
                await order.SendAsync(new Order(Item: 7, pieces), TestContext.Current.CancellationToken);
            }

            AskCapability<GetTotal, Total> total = kernel.GrantAsk<GetTotal, Total>(shop);
            Total sold = await total.AskAsync(default, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(new Total(9 * 25), sold);
        }

        File.Delete(Path.Combine(folder, "lock"));      // says who wrote it: nothing for a repository
    }

    private sealed class Stock : Agent, IAnswer<GetPrice, Price>
    {
        public Price Answer(in GetPrice request, Context context) => new(25);
    }
}

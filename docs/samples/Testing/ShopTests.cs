using Outheis.Supervision;
using Outheis.Testing;
using Outheis.Testing.Xunit;
using Xunit;

namespace Outheis.Samples.Testing;

public sealed class ShopTests : IDisposable
{
    private readonly Simulation _simulation = new(seed: 1);
    private readonly Stub<GetPrice, Price> _stock;
    private readonly Probe<Bill> _billing;
    private readonly Overseer _overseer;
    private readonly AgentId _shop;

    public ShopTests()
    {
        _stock = _simulation.Stub<GetPrice, Price>("stock");
        _billing = _simulation.Probe<Bill>("billing");
        _overseer = _simulation.Overseer("overseer", () => new Supervisor());
        _shop = _simulation.Kernel.Spawn(
            "shop",
            endowment => new Shop(
                endowment.GrantAsk<GetPrice, Price>(_stock.Agent),
                endowment.Grant<Bill>(_billing.Agent),
                _simulation.ApplicationTime),
            new SpawnOptions { Supervisor = _overseer.Agent });
    }

    public void Dispose() => _simulation.Dispose();

    [Fact]
    public void Order_TheStockAnswers_IsBilled()
    {
        _stock.Answers(new Price(25));
        _simulation.Tell(_shop, new Order(Item: 7, Pieces: 2));

        Received<Bill> bill = _billing.Expect(new Bill(Number: 1, Cents: 50));
        Assert.Equal("shop", bill.SenderName);
        _stock.Expect(new GetPrice(7));
        Assert.Equal(new Total(50), _simulation.Ask<GetTotal, Total>(_shop, default));
    }

    [Fact]
    public void Order_TheStockFailsOnce_IsBilledAMinuteLater()
    {
        _stock.Fails(new IOException("disk full")).Answers(new Price(25));
        _simulation.Tell(_shop, new Order(Item: 7, Pieces: 1));

        _billing.ExpectNothing(within: TimeSpan.FromSeconds(59));
        _billing.Expect(new Bill(1, 25));
    }

    [Fact]
    public void Order_TheStockIsSilent_IsAskedAgainAMinuteLater()
    {
        _stock.NeverAnswers().AnswersAfter(TimeSpan.FromSeconds(4), new Price(25));
        _simulation.Tell(_shop, new Order(Item: 7, Pieces: 1));

        _simulation.AdvanceBy(TimeSpan.FromSeconds(30));
        PendingTimer retry = Assert.Single(_simulation.ApplicationTime.Timers);
        Assert.InRange(retry.Due, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(70));
        _simulation.AdvanceTo(TimeSpan.FromHours(1));
        Assert.Equal(new Bill(1, 25), Assert.Single(_billing.Received).Message);
    }

    [Fact]
    public void Order_TheShopCrashes_TheNextOneIsBilledFromOne()
    {
        _stock.Answers(new Price(25));
        _simulation.Tell(_shop, new Order(7, 1));
        _billing.Expect(new Bill(1, 25));

        _simulation.Crash(_shop);
        _simulation.Tell(_shop, new Order(7, 2));
        _overseer.ExpectExit<SimulatedCrashException>(_shop);
        _overseer.ExpectRestart(_shop);
        _simulation.Tell(_shop, new Order(7, 3));
        _billing.Expect(bill => bill.Number == 1 && bill.Cents == 75);
    }

    [Theory, SeedData(50)]
    public void Orders_OfTwoCustomers_AreAllBilled(ulong seed)
    {
        using var simulation = new Simulation(seed, new SimulationOptions { Cores = 3, TimeMovesOneIn = 0 });
        Stub<GetPrice, Price> stock = simulation.Stub<GetPrice, Price>().AnswersBy(asked => new Price(asked.Item));
        Probe<Bill> billing = simulation.Probe<Bill>("billing", new SpawnOptions { Capacity = 1 });
        AgentId shop = simulation.Kernel.Spawn("shop", endowment => new Shop(
            endowment.GrantAsk<GetPrice, Price>(stock.Agent), endowment.Grant<Bill>(billing.Agent),
            simulation.ApplicationTime));
        foreach (string name in (string[])["ann", "bob"])
        {
            Puppet<Bill> customer = simulation.Puppet<Bill>(name);
            Held<Order> orders = customer.Holds<Order>(shop);
            customer.Do(async context =>
            {
                for (int i = 1; i <= 3; i++)
                {
                    await context.SendAsync(orders.Capability, new Order(Item: 10, Pieces: i));
                }
            });
        }

        simulation.RunToEnd();
        Assert.Equal([1, 2, 3, 4, 5, 6], billing.Received.Select(bill => bill.Message.Number));
        Assert.Equal(120, billing.Received.Sum(bill => bill.Message.Cents));
    }
}

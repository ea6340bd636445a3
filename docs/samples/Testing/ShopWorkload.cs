using Outheis.Testing;
using Xunit;

namespace Outheis.Samples.Testing;

/// <summary>A customer orders while shop and stock crash, clocks jump and handlers stick.</summary>
internal sealed class ShopWorkload : Workload
{
    public override string Name => "shop";

    public override string Promise => "no order is billed twice, and what is not billed is a dead letter";

    protected override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        Overseer overseer = simulation.Overseer();
        Stub<GetPrice, Price> stock = simulation.Stub<GetPrice, Price>("stock").Answers(new Price(1));
        Probe<Bill> billing = simulation.Probe<Bill>("billing", new SpawnOptions { Capacity = 2 });
        AgentId shop = simulation.Kernel.Spawn(
            "shop",
            endowment => new Shop(
                endowment.GrantAsk<GetPrice, Price>(stock.Agent), endowment.Grant<Bill>(billing.Agent),
                simulation.ApplicationTime),
            new SpawnOptions { Supervisor = overseer.Agent });
        Capability<Order> order = simulation.Kernel.Grant<Order>(shop);
        int orders = 1 + run.Choices.Draw(30), sent = 0;
        simulation.AddActor("customer", () =>
        {
            sent += order.Send(new Order(Item: 7, Pieces: sent + 1)) == SendResult.Sent ? 1 : 0;
            return sent < orders;
        });

        simulation.RunToEnd();
        int billed = billing.Received.DistinctBy(bill => bill.Message.Cents).Count();
        int twice = billing.Received.Count - billed;
        simulation.Require(twice == 0, "billed once", $"{twice} billed twice.");
        simulation.Require(
            orders - billed <= simulation.Kernel.DeadLetters.Total, "nothing is lost",
            $"{orders} orders, {billed} billed, {simulation.Kernel.DeadLetters.Total} dead letters.");
    }
}

public sealed class ShopWorkloadTests
{
    [Fact]
    public void Shop_UnderManySeeds_KeepsItsPromise() => Seeds.Run(200, new ShopWorkload());
}

using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Durable;

/// <summary>A ledger beside a running kernel: when it may take time, and what it does about a ring that is faster.
/// </summary>
public sealed class LedgerFollowTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Order>().AddRequest<GetBalance, Ledger>();

    private readonly SimulatedDisk _disk = new();

    [Fact]
    public void HasRoom_AsManyBusyCoresAsProcessors_OnlyOnceThereIsADurableAgent()
    {
        using var world = new StepKernel(
            cores: Math.Min(Environment.ProcessorCount, Limits.CoresMax), disk: _disk, codecs: Codecs);
        bool hasMore = Environment.ProcessorCount > Limits.CoresMax;
        Assert.Equal(hasMore, world.Kernel.HasRoomToFollow());
        world.Kernel.Spawn("payer", static () => new Payer(static _ => ValueTask.FromResult(1L)));
        Assert.True(world.Kernel.HasRoomToFollow());
    }

    [Fact]
    public void HasRoom_OneCoreSleeps()
    {
        using var world = new StepKernel(
            cores: Math.Min(Environment.ProcessorCount, Limits.CoresMax), disk: _disk, codecs: Codecs);
        world.CoreAt(0).Parker.Announce();
        Assert.True(world.Kernel.HasRoomToFollow());
        world.CoreAt(0).Parker.Cancel();
    }

    /// <summary>Nobody can be given a message whose record is gone, so it is not kept in mind either.</summary>
    [Fact]
    public void Lapped_ForgetsTheMessagesThatAreGoneAndCountsThem()
    {
        using var world = new StepKernel(
            cores: 1, disk: _disk, codecs: Codecs, retention: JournalRetention.KeepBytes(1));
        var never = new TaskCompletionSource<long>();
        AgentId payer = world.Kernel.Spawn("payer", () => new Waiter(never.Task));
        world.Kernel.Grant<Order>(payer).SendAll(Enumerable.Range(1, 5).Select(static i => new Order(i)));
        world.Run();
        using LedgerReader reader = LedgerReader.Open(_disk, Journals.Path, archive: null);
        reader.CatchUp();
        Assert.Equal(4, reader.Ledger.Waiting);
        List<int> received = [];
        Capability<int> traffic = world.Kernel.Grant<int>(world.Kernel.Receive(received));
        while (LaneFiles.Find(_disk, Journals.Path).First().Sequences()[0] < 3)
        {
            traffic.SendAll(Enumerable.Range(0, 500));
            world.Run();
        }

        reader.CatchUp();
        Assert.Equal(0, reader.Ledger.Waiting);
        Assert.Equal(4, reader.Find("payer")!.GivenUp);
        never.SetResult(0);
        world.Run();
    }

    private sealed class Waiter(Task until) : Agent, IHandleAsync<Order>
    {
        public async ValueTask HandleAsync(Order message, AgentContext context, CancellationToken cancellationToken) =>
            await until;
    }
}

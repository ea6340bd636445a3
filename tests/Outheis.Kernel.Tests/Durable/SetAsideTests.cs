using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Durable;

/// <summary>What was handled to its end stays in the state, whatever ends processes afterwards. (What ends them is
/// <see cref="Proofs.PoisonTests"/>.)</summary>
public sealed class SetAsideTests
{
    private readonly record struct Coin(int Cents);

    private readonly record struct Count;

    private sealed class Purse(Func<bool> fails, Action start)
        : DurableAgent<int>(0), IHandle<Coin>, IAnswer<Count, int>
    {
        public void Handle(in Coin message, Context context)
        {
            _ = context.UtcNow;      // so that the journal is told that it was taken
            if (fails())
            {
                throw new InvalidOperationException("on purpose");
            }

            State += message.Cents;
        }

        public int Answer(in Count request, Context context) => State;

        protected internal override void OnStart(Context context) => start();
    }

    private static readonly MessageCodecs s_codecs = new MessageCodecs().Add<Coin>().AddRequest<Count, int>();

    private SimulatedDisk _disk = new();

    private (StepKernel World, AgentId Purse) Start(Func<bool>? fails = null, Action? start = null)
    {
        var world = new StepKernel(cores: 1, disk: _disk, codecs: s_codecs);
        AgentId restarter = world.Kernel.Spawn("restarter", static () => new Restarter());
        AgentId purse = world.Kernel.Spawn(
            "purse", _ => new Purse(fails ?? (static () => false), start ?? (static () => { })),
            new SpawnOptions { Supervisor = restarter });
        return (world, purse);
    }

    private void Kill(StepKernel world)
    {
        DiskImage left = _disk.Snapshot();
        world.Abandon();
        _disk = SimulatedDisk.From(left);
    }

    private void AssertHasAll(int cents)
    {
        (StepKernel world, AgentId purse) = Start();
        Assert.Equal(cents, world.Result(world.Kernel.GrantAsk<Count, int>(purse).AskAsync(default)));
        Assert.Equal(0, world.Kernel.Redelivered.Quarantined);
        world.Stop();
    }

    /// <summary>The last try came to its end; hours later somebody kills the process.</summary>
    [Fact]
    public void Message_HandledAtItsLastTry_IsNotBlamedForAKillAfterwards()
    {
        int tries = 0;
        (StepKernel world, AgentId purse) = Start(() => ++tries < Limits.AttemptsMost);
        world.Kernel.Grant<Coin>(purse).Send(new Coin(5));
        world.RunUntil(() => tries == Limits.AttemptsMost);
        world.Run();
        Kill(world);
        AssertHasAll(5);
    }

    /// <summary>The message that was taken last is handled once more at each start after a kill, and comes to its end.
    /// </summary>
    [Fact]
    public void Message_HandledBeforeOneProcessAfterTheOtherIsKilledAtItsStart_IsNotBlamed()
    {
        (StepKernel world, AgentId purse) = Start();
        world.Kernel.Grant<Coin>(purse).SendAll([new Coin(5), new Coin(7)]);
        world.Run();
        Kill(world);
        for (int life = 0; life < 3 * Limits.AttemptsMost; life++)
        {
            DiskImage? left = null;
            (world, _) = Start(start: () => left ??= _disk.Snapshot());
            world.RunUntil(() => left is not null);
            world.Abandon();
            _disk = SimulatedDisk.From(left!);
        }

        AssertHasAll(12);
    }
}

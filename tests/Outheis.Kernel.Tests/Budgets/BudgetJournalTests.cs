using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Budgets;

public readonly record struct Spend(int Amount);

public readonly record struct Account(int Granted, int Refused, int Used);

public readonly record struct GetAccount;

/// <summary>What an agent was told of its budget is told again when its messages are handled once more, and what it
/// reserved then is not taken from the budget of this run.</summary>
public sealed class BudgetJournalTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Spend>().Add<Account>().AddRequest<GetAccount, Account>();

    private SimulatedDisk _disk = new();
    private Budget? _budget;
    private AgentId _agent;
    private DiskImage? _inHandler;
    private bool _looks;

    private StepKernel Start() => new(cores: 1, disk: _disk, codecs: Codecs, snapshotEvery: 1000, recordInputs: true);

    private void Spawn(Kernel kernel)
    {
        _budget = kernel.CreateBudget(
            "purse", new BudgetOptions { Units = new Dictionary<string, long> { ["coins"] = 100 } });
        _agent = kernel.Spawn("spender", () => new Spender(this), new SpawnOptions { Budget = _budget });
    }

    private Account Ask(StepKernel world) =>
        world.Result(world.Kernel.GrantAsk<GetAccount, Account>(_agent).AskAsync(default));

    private long Left => _budget!.Describe().Units[^1].Left!.Value;

    private Account Live(StepKernel world)
    {
        Spawn(world.Kernel);
        foreach (int amount in new[] { 30, 50, 70, 30, 60 })
        {
            world.Kernel.Grant<Spend>(_agent).SendAll([new Spend(amount)]);
            world.Run();
        }

        Account account = Ask(world);
        Assert.Equal(new Account(3, 2, 55), account);      // of 30, 50 and 30 half is given back
        Assert.Equal(45, Left);
        return account;
    }

    private void Kill(StepKernel world, DiskImage? at)
    {
        DiskImage left = at ?? _disk.Snapshot();
        world.Abandon();
        _disk = SimulatedDisk.From(left);
    }

    /// <summary>Refused is what was refused then, though the budget of this run is full.</summary>
    [Fact]
    public void DurableAgent_Killed_IsToldWhatItWasToldAndTakesNothingAgain()
    {
        StepKernel world = Start();
        Account account = Live(world);
        Kill(world, at: null);
        world = Start();
        Spawn(world.Kernel);
        world.Run();
        Assert.Equal((account, 100L), (Ask(world), Left));
        world.Stop();
    }

    [Fact]
    public void Replay_IsToldWhatItWasTold()
    {
        StepKernel world = Start();
        Live(world);
        world.Stop();
        Assert.Equal(5, Journals.ReadAll(_disk, out _).Count(static entry =>
            entry.Detail.StartsWith("a reservation was ", StringComparison.Ordinal)));
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, Spawn, new ReplayOptions { Codecs = Codecs });
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.True(report.Agents["spender"] >= 6, report.ToString());
        Assert.Equal(100, Left);
    }

    /// <summary>A turn that was cut off before it reserved does so when it is finished.</summary>
    [Fact]
    public void DurableAgent_KilledBeforeItReserved_ReservesThen()
    {
        StepKernel world = Start();
        Spawn(world.Kernel);
        _looks = true;
        world.Kernel.Grant<Spend>(_agent).SendAll([new Spend(30)]);
        world.Run();
        Kill(world, _inHandler);
        world = Start();
        Spawn(world.Kernel);
        world.Run();
        Assert.Equal((new Account(1, 0, 15), 85L), (Ask(world), Left));
        world.Stop();
    }

    /// <summary>A supervisor that hears of it has it in the journal, with its content.</summary>
    [Fact]
    public void BudgetExhausted_IsJournaledWithItsContent()
    {
        StepKernel world = Start();
        AgentId boss = world.Kernel.Receive<BudgetExhausted>([]);
        AgentId agent = world.Kernel.Spawn(
            "worker", static () => new Receiver<Spend>(static (in Spend _, Context _) => { }), new SpawnOptions
            {
                Supervisor = boss,
                Budget = world.Kernel.CreateBudget(
                    "purse", new BudgetOptions { Messages = 1, WhenExhausted = WhenExhausted.Notify }),
            });
        world.Kernel.Grant<Spend>(agent).SendAll([new Spend(1), new Spend(2)]);
        world.Run();
        world.Stop();
        JournalEntry told = Assert.Single(
            Journals.ReadAll(_disk, out _), static entry =>
                entry.Kind == JournalKind.Sent && entry.TypeName == nameof(BudgetExhausted));
        Assert.Contains("purse", told.PayloadText, StringComparison.Ordinal);
        Assert.True(new MessageCodecs().Read(told, out BudgetExhausted read) is null, told.PayloadText);
        Assert.Equal(("worker", "messages"), (read.Name, read.Unit));
    }

    private sealed class Spender(BudgetJournalTests tests)
        : DurableAgent<Account>(default), IHandle<Spend>, IAnswer<GetAccount, Account>
    {
        public void Handle(in Spend message, Context context)
        {
            if (tests._looks)
            {
                _ = context.UtcNow;      // tells that the message was taken
                tests._inHandler ??= tests._disk.Snapshot();
            }

            if (context.Reserve("coins", message.Amount, out Reservation? reservation) != ReserveResult.Granted)
            {
                State = State with { Refused = State.Refused + 1 };
                return;
            }

            reservation!.Settle(message.Amount / 2);
            State = State with { Granted = State.Granted + 1, Used = State.Used + (message.Amount / 2) };
        }

        public Account Answer(in GetAccount request, Context context) => State;
    }
}

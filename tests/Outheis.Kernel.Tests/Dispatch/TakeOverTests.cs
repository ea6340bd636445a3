using System.Diagnostics;
using Xunit;

namespace Outheis.Tests;

/// <summary>A handler that blocks its thread: the others of its core go on, it is named, and nothing of its turn is
/// lost when it is back.</summary>
[Collection(OnThreads.Name)]
public sealed partial class TakeOverTests
{
    private readonly record struct Block(int Round);

    private readonly record struct Tick(int Number);

    private readonly record struct Question(int Number);

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(1);

    /// <summary>Blocks in the middle of its handler and sends before and after it.</summary>
    private sealed class Blocker(Capability<Tick> to, Func<bool> isOver) : Agent, IHandle<Block>
    {
        public int Handled;

        public void Handle(in Block message, Context context)
        {
            ulong badge = context.Badge;
            AgentId sender = context.Sender;
            DateTimeOffset time = context.UtcNow;
            context.Send(to, new Tick(2 * message.Round));
            SpinWait.SpinUntil(() =>
            {
                Thread.Sleep(1);
                return isOver();
            }, ThreadKernel.Patience);
            Assert.Equal((badge, sender, time), (context.Badge, context.Sender, context.UtcNow));
            Assert.Equal(SendResult.Sent, context.Send(to, new Tick((2 * message.Round) + 1)));
            Volatile.Write(ref Handled, Handled + 1);
        }
    }

    private sealed class Counter : Agent, IHandle<Tick>, IAnswer<Question, int>
    {
        public readonly List<int> Numbers = [];

        public void Handle(in Tick message, Context context) => Numbers.Add(message.Number);

        public int Answer(in Question request, Context context) => request.Number + 1;
    }

    [Fact]
    public async Task Handle_Blocked_OthersOfItsCoreGoOnAndItIsNamed()
    {
        var overran = new List<TurnOverrun>();
        var kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1, Pin = false, TurnOverran = overrun =>
            {
                lock (overran)
                {
                    overran.Add(overrun);
                }
            },
        });
        bool isOver = false;
        AgentId counter = kernel.Spawn("counter", static () => new Counter());
        AgentId blocker = kernel.Spawn(
            "blocker", endowment => new Blocker(endowment.Grant<Tick>(counter), () => Volatile.Read(ref isOver)));
        AskCapability<Question, int> ask = kernel.GrantAsk<Question, int>(counter);
        Capability<Block> block = kernel.Grant<Block>(blocker, badge: 7);
        Assert.Equal(1, await ask.AskAsync(new Question(0)));

        block.Send(new Block(0));
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(i + 1, await ask.AskAsync(new Question(i), ThreadKernel.Patience));
        }

        Assert.Equal(AgentState.Running, kernel.ListAgents().Single(agent => agent.Id == blocker).State);
        Assert.Equal(1, kernel.ListCores()[0].TakeOvers);
        Volatile.Write(ref isOver, true);
        StopReport report = await kernel.StopAsync(ThreadKernel.Patience);

        Assert.Empty(report.StuckCores);
        TurnOverrun named = kernel.ListTurnOverruns().First(overrun => overrun.Agent == blocker);
        Assert.Equal(("blocker", typeof(Block)), (named.Name, named.Message));
        lock (overran)
        {
            Assert.Contains(named, overran);
        }
    }

    [Fact]
    public async Task Handle_BlockedAgainAndAgain_KeepsTheOrderOfItsSends()
    {
        const int Rounds = 5;
        var kernel = ThreadKernel.Start(cores: 1);
        var counter = new Counter();
        int blocks = 0;
        AgentId sink = kernel.Spawn("counter", () => counter);
        AgentId[] blockers = [.. Enumerable.Range(0, 3).Select(i => kernel.Spawn($"blocker {i}", endowment =>
        {
            long start = 0;
            return new Blocker(endowment.Grant<Tick>(sink), () =>
            {
                start = start == 0 ? Stopwatch.GetTimestamp() : start;
                bool isOver = Stopwatch.GetElapsedTime(start) > TimeSpan.FromMilliseconds(120);
                if (isOver)
                {
                    start = 0;
                    Interlocked.Increment(ref blocks);
                }

                return isOver;
            });
        }))];
        Capability<Block>[] to = [.. blockers.Select(blocker => kernel.Grant<Block>(blocker))];
        for (int round = 0; round < Rounds; round++)
        {
            foreach (Capability<Block> each in to)
            {
                Assert.Equal(SendResult.Sent, each.Send(new Block(round)));
            }
        }

        StopReport report = await kernel.StopAsync(ThreadKernel.Patience);

        Assert.Equal((0, Rounds * 3), (report.StuckCores.Count + report.Undrained.Count, blocks));
        Assert.Equal(
            Enumerable.Range(0, 2 * Rounds).SelectMany(static number => Enumerable.Repeat(number, 3)),
            counter.Numbers.Order());
        Assert.True(kernel.ListCores()[0].TakeOvers >= Rounds, "each is taken over, though not each time");
    }

    private sealed class Awaiter(AskCapability<Question, int> to) : Agent, IHandleAsync<Block>
    {
        public readonly List<int> Replies = [];
        public bool IsWrong;

        public async ValueTask HandleAsync(Block message, AgentContext context, CancellationToken cancellationToken)
        {
            for (int i = 0; i < 3; i++)
            {
                ValueTask<int> reply = context.AskAsync(to, new Question(10 * message.Round));
                Thread.Sleep(200);      // its reply comes meanwhile, by the thread that has the core
                Replies.Add(await reply);
                IsWrong |= context.Position != 0 || context.Sender != AgentId.Host;
                await context.Yield();
                await Task.Delay(1, cancellationToken).ConfigureAwait(true);
            }
        }
    }

    [Fact]
    public async Task HandleAsync_BlockedBetweenItsAwaits_HasItsReplies()
    {
        var kernel = ThreadKernel.Start(cores: 1);
        Awaiter awaiter = null!;
        AgentId counter = kernel.Spawn("counter", static () => new Counter());
        AgentId agent = kernel.Spawn(
            "awaiter", endowment => awaiter = new Awaiter(endowment.GrantAsk<Question, int>(counter)));
        Capability<Block> to = kernel.Grant<Block>(agent);
        to.Send(new Block(1));
        to.Send(new Block(2));

        StopReport report = await kernel.StopAsync(ThreadKernel.Patience);

        Assert.Empty(report.Undrained);
        Assert.Equal([11, 11, 11, 21, 21, 21], awaiter.Replies);
        Assert.False(awaiter.IsWrong);
        Assert.True(kernel.ListCores()[0].TakeOvers > 0);
    }

    private sealed class SlowStarter : Agent, IHandle<Tick>
    {
        public int Ticks;

        protected internal override void OnStart(Context context) => Thread.Sleep(Long);

        public void Handle(in Tick message, Context context) => Ticks++;
    }

    [Fact]
    public async Task OnStart_Blocked_AgentsMadeAfterItStart()
    {
        var kernel = ThreadKernel.Start(cores: 1);
        var slow = new SlowStarter();
        AgentId first = kernel.Spawn("slow", () => slow);
        AgentId second = kernel.Spawn("counter", static () => new Counter());
        kernel.Grant<Tick>(first).Send(new Tick(1));
        await kernel.GrantAsk<Question, int>(second).AskAsync(new Question(0), ThreadKernel.Patience);

        Assert.Equal(
            AgentState.Running, kernel.ListAgents().Single(agent => agent.Id == first).State);
        Assert.Empty((await kernel.StopAsync(ThreadKernel.Patience)).StuckCores);
        Assert.Equal(1, slow.Ticks);
    }

    private sealed class Sleeper : Agent, IHandle<Block>
    {
        public int Handled;

        public void Handle(in Block message, Context context)
        {
            Thread.Sleep(message.Round);
            Volatile.Write(ref Handled, Handled + 1);
        }
    }

    [Fact]
    public async Task Handle_SleepsFiveSeconds_AnotherAgentAnswersLongBefore()
    {
        var kernel = ThreadKernel.Start(cores: 1);
        AgentId counter = kernel.Spawn("counter", static () => new Counter());
        AgentId sleeper = kernel.Spawn("sleeper", static () => new Sleeper());
        AskCapability<Question, int> ask = kernel.GrantAsk<Question, int>(counter);
        await ask.AskAsync(new Question(0));
        kernel.Grant<Block>(sleeper).Send(new Block(5000));
        long start = Stopwatch.GetTimestamp();
        await ask.AskAsync(new Question(0), ThreadKernel.Patience);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        TestContext.Current.TestOutputHelper?.WriteLine($"answered after {elapsed.TotalMilliseconds:F0} ms");
        Assert.InRange(elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Equal("sleeper", kernel.ListTurnOverruns()[0].Name);
        Assert.Empty((await kernel.StopAsync(ThreadKernel.Patience)).StuckCores);
    }

    [Fact]
    public async Task Turn_OfManyMessagesOverItsBudget_EndsForOthers()
    {
        const int Messages = 60;
        var kernel = ThreadKernel.Start(cores: 1);
        var slow = new Sleeper();
        AgentId counter = kernel.Spawn("counter", static () => new Counter());
        Capability<Block> to = kernel.Grant<Block>(kernel.Spawn("slow", () => slow));
        AskCapability<Question, int> ask = kernel.GrantAsk<Question, int>(counter);
        await ask.AskAsync(new Question(0));
        to.Send(new Block(30));      // the rest waits behind it, and is one turn
        to.SendAll(Enumerable.Repeat(new Block(10), Messages));
        ThreadKernel.Until(() => Volatile.Read(ref slow.Handled) > 1, "the long turn");
        await ask.AskAsync(new Question(0), ThreadKernel.Patience);
        int handled = Volatile.Read(ref slow.Handled);
        await kernel.StopAsync(ThreadKernel.Patience);

        Assert.InRange(handled, 2, Messages - 10);
        Assert.Equal(Messages + 1, slow.Handled);
    }

    [Fact]
    public async Task Start_WithoutATurnBudget_NobodyLooks()
    {
        var kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1, Pin = false, TurnBudget = Timeout.InfiniteTimeSpan,
        });
        AgentId counter = kernel.Spawn("counter", static () => new Counter());
        kernel.Grant<Block>(kernel.Spawn("sleeper", static () => new Sleeper())).Send(new Block(500));
        await kernel.GrantAsk<Question, int>(counter).AskAsync(new Question(0), ThreadKernel.Patience);

        Assert.Empty(kernel.ListTurnOverruns());
        Assert.Equal(0, kernel.ListCores()[0].TakeOvers);
        await kernel.StopAsync(ThreadKernel.Patience);
    }

    [Fact]
    public async Task Suspend_WhileItsHandlerBlocks_IsDoneWhenThatIsOver()
    {
        var kernel = ThreadKernel.Start(cores: 1);
        var sleeper = new Sleeper();
        AgentId id = kernel.Spawn("sleeper", () => sleeper);
        kernel.Grant<Block>(id).Send(new Block(1000));
        ThreadKernel.Until(() => kernel.ListCores()[0].TakeOvers == 1, "a take-over");

        Assert.True(await kernel.SuspendAsync(id).WaitAsync(ThreadKernel.Patience));
        Assert.Equal(1, Volatile.Read(ref sleeper.Handled));
        await kernel.StopAsync(ThreadKernel.Patience);
    }

    private sealed class Locker(object gate, Capability<Tick> to) : Agent, IHandle<Block>
    {
        public void Handle(in Block message, Context context)
        {
            lock (gate)
            {
                Thread.Sleep(message.Round);
                context.Send(to, new Tick(1));
            }
        }
    }

    [Theory]
    [InlineData(70)]
    [InlineData(85)]
    [InlineData(100)]
    public async Task Handle_TwoThatShareALock_NeitherHoldsTheCoreForEver(int milliseconds)
    {
        var kernel = ThreadKernel.Start(cores: 1);
        object gate = new();
        AgentId counter = kernel.Spawn("counter", static () => new Counter());
        Capability<Block>[] to = [.. Enumerable.Range(0, 2).Select(_ => kernel.Grant<Block>(
            kernel.Spawn("locker", endowment => new Locker(gate, endowment.Grant<Tick>(counter)))))];
        AskCapability<Question, int> ask = kernel.GrantAsk<Question, int>(counter);
        for (int i = 0; i < 3; i++)
        {
            to[0].Send(new Block(milliseconds));
            to[1].Send(new Block(0));
            await Task.Delay(milliseconds + 20);
            Assert.Equal(i + 1, await ask.AskAsync(new Question(i), ThreadKernel.Patience));
        }

        Assert.Empty((await kernel.StopAsync(ThreadKernel.Patience)).StuckCores);
    }

    [Theory]
    [InlineData(70)]
    [InlineData(100)]
    public async Task Handle_OneComesBackWhileTheNextBlocks_ThatIsLeftBehindToo(int milliseconds)
    {
        var kernel = ThreadKernel.Start(cores: 1);
        AgentId counter = kernel.Spawn("counter", static () => new Counter());
        AskCapability<Question, int> ask = kernel.GrantAsk<Question, int>(counter);
        await ask.AskAsync(new Question(0));
        kernel.Grant<Block>(kernel.Spawn("first", static () => new Sleeper())).Send(new Block(milliseconds));
        kernel.Grant<Block>(kernel.Spawn("second", static () => new Sleeper())).Send(new Block(5000));
        await Task.Delay(milliseconds + 10);
        long start = Stopwatch.GetTimestamp();
        await ask.AskAsync(new Question(1), ThreadKernel.Patience);

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Empty((await kernel.StopAsync(ThreadKernel.Patience)).StuckCores);
    }
}

using Xunit;

namespace Outheis.Testing.Tests.Kit;

/// <summary>A journal that a kernel wrote is given to the agent again, and every difference is told.</summary>
public sealed class ReplayTests
{
    private static readonly RecordedTypes s_types = new RecordedTypes()
        .Add<Deposit>().Add<GetRate>().Add<Rate>().Add<GetBalance>().Add<Balance>().Add(BankJson.Default.Note)
        .AddAsk<GetBalance, Balance>();

    private static Account Account(ReplayEndowment endowment) =>
        new(endowment.Grant<Note>("auditor"), endowment.GrantAsk<GetRate, Rate>("rates"));

    /// <summary>A customer and the host use an account that crashes once; one rate fails, one never comes.</summary>
    private static Recording Record(ulong seed)
    {
        var disk = new SimulatedDisk();
        using var simulation = new Simulation(seed, new SimulationOptions
        {
            Disk = disk, Codecs = new MessageCodecs().AddJson(BankJson.Default.Note), TimeMovesOneIn = 0,
        });
        Overseer overseer = simulation.Overseer();
        Probe<Note> auditor = simulation.Probe<Note>("auditor");
        Stub<GetRate, Rate> rates = simulation.Stub<GetRate, Rate>("rates")
            .Answers(new Rate(1000), new Rate(1100)).Fails(new IOException("closed")).NeverAnswers()
            .Answers(new Rate(900));
        AgentId account = simulation.Kernel.Spawn(
            "account",
            e => new Account(e.Grant<Note>(auditor.Agent), e.GrantAsk<GetRate, Rate>(rates.Agent, badge: 4)),
            new SpawnOptions { Supervisor = overseer.Agent });
        Puppet<Note> customer = simulation.Puppet<Note>("customer");
        Held<Deposit> deposits = customer.Holds<Deposit>(account, badge: 8);
        Held<GetBalance, Balance> balance = customer.HoldsAsk<GetBalance, Balance>(account);
        foreach (long cents in (long[])[10, 20, 30, 40, -1, 50])
        {
            customer.Do(context => context.SendAsync(deposits.Capability, new Deposit(cents)));
        }

        simulation.Ask<GetBalance, Balance>(account, default, Timeout.InfiniteTimeSpan);
        customer.Do(context => context.AskAsync(balance.Capability, default, Timeout.InfiniteTimeSpan));
        simulation.Tell(account, new Deposit(60));
        simulation.RunToEnd();
        Assert.True(simulation.Stop().Drained);
        return Recording.Read(disk);
    }

    [Fact]
    public void Read_AJournal_HasWhatTheAgentTookInOrder()
    {
        RecordedAgent account = Record(seed: 1).Agent("account");
        Assert.Equal(
            "Deposit Deposit Deposit Deposit Deposit Deposit GetBalance GetBalance Deposit",
            string.Join(' ', account.Messages.Select(message => message.TypeName)));
        Assert.Equal(
            [10, 20, 30, 40, -1, 50, 60],
            account.Messages.Where(message => !message.IsRequest).Select(message => message.As<Deposit>().Cents));
        Assert.Equal([1u, 1, 1, 1, 1, 2, 2, 2, 2], account.Messages.Select(message => message.Incarnation));
        Assert.Equal(("customer", 8ul), (account.Messages[0].SenderName, account.Messages[0].Badge));
        Assert.Equal(AgentId.Host, account.Messages[6].Sender);
        Assert.True(account.IsWhole);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void Run_TheSameAgent_DoesTheSame(int seed)
    {
        Recording recording = Record((ulong)seed);
        Replay.Run(recording.Agent("account"), s_types, Account);
    }

    [Fact]
    public void Run_AnAgentThatSendsAnotherValue_IsToldWithBothAndTheirPlace()
    {
        RecordedAgent account = Record(seed: 1).Agent("account");
        ReplayDivergedException failure = Assert.Throws<ReplayDivergedException>(() => Replay.Run(
            account, s_types, e => new Changed(e.Grant<Note>("auditor"), e.GrantAsk<GetRate, Rate>("rates"))));
        Divergence divergence = failure.Divergence;
        Assert.Equal("sent Note { Text = 20 cents came in } to auditor", divergence.Recorded);
        Assert.Equal("sent Note { Text = 20 cents, again } to auditor", divergence.Replayed);
        Assert.Equal("account took Deposit { Cents = 20 }, message 2 of 9", divergence.Where);
        Assert.NotEqual(account.Messages[1].Position, divergence.Position);
        Assert.Contains($"(journal {Recording.Place(divergence.Position)})", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FindDivergence_MoreOrLessThanRecorded_IsOne()
    {
        RecordedAgent account = Record(seed: 1).Agent("account");
        Divergence less = Replay.FindDivergence(account, s_types, e => new Silent())!;
        Assert.Equal(("asked rates GetRate { Currency = 1 }", null), (less.Recorded, less.Replayed));
        Divergence more = Replay.FindDivergence(account, s_types, e => new Eager(
            e.Grant<Note>("auditor"), e.GrantAsk<GetRate, Rate>("rates")))!;
        Assert.Equal((null, "sent Note { Text = done } to auditor"), (more.Recorded, more.Replayed));
        Assert.Equal(account.Messages[0].Position, more.Position);
    }

    [Fact]
    public void FindDivergence_ABugThatIsGone_IsOne()
    {
        RecordedAgent account = Record(seed: 1).Agent("account");
        Divergence fixedNow = Replay.FindDivergence(account, s_types, e => new Lenient(
            e.Grant<Note>("auditor"), e.GrantAsk<GetRate, Rate>("rates")))!;
        Assert.StartsWith(
            "failed with Error: ArgumentOutOfRangeException", fixedNow.Recorded, StringComparison.Ordinal);
        Assert.Equal("account took Deposit { Cents = -1 }, message 5 of 9", fixedNow.Where);
    }

    [Fact]
    public void FindDivergence_AnotherReply_IsOne()
    {
        RecordedAgent account = Record(seed: 1).Agent("account");
        Divergence reply = Replay.FindDivergence(account, s_types, e => new Poorer(
            e.Grant<Note>("auditor"), e.GrantAsk<GetRate, Rate>("rates")))!;
        Assert.Equal("replied Balance { Cents = 45, Incarnation = 2 } to host", reply.Recorded);
        Assert.Equal("replied Balance { Cents = 44, Incarnation = 2 } to host", reply.Replayed);
    }

    [Fact]
    public void Run_ATypeThatWasNotAdded_SaysWhichAndWhere()
    {
        RecordedAgent account = Record(seed: 1).Agent("account");
        RecordingException missing = Assert.Throws<RecordingException>(
            () => Replay.Run(account, new RecordedTypes().Add<GetRate>(), Account));
        Assert.Contains("has a Deposit at ", missing.Message, StringComparison.Ordinal);
        RecordingException other = Assert.Throws<RecordingException>(() => account.Messages[0].As<Balance>());
        Assert.Contains("has a Deposit, Raw, and not a Balance, Raw", other.Message, StringComparison.Ordinal);
    }

    /// <summary>An agent that gets deposits from the host.</summary>
    private static RecordedAgent Record(
        Func<(Capability<Note> Auditor, AskCapability<GetRate, Rate> Rates), Agent> make, long[] deposits,
        Action<Stub<GetRate, Rate>>? script = null)
    {
        var disk = new SimulatedDisk();
        using var simulation = new Simulation(1, new SimulationOptions
        {
            Disk = disk, Codecs = new MessageCodecs().AddJson(BankJson.Default.Note), TimeMovesOneIn = 0,
        });
        Probe<Note> auditor = simulation.Probe<Note>("auditor");
        Stub<GetRate, Rate> rates = simulation.Stub<GetRate, Rate>("rates");
        script?.Invoke(rates);
        AgentId account = simulation.Kernel.Spawn(
            "account", e => make((e.Grant<Note>(auditor.Agent), e.GrantAsk<GetRate, Rate>(rates.Agent))));
        foreach (long cents in deposits)
        {
            simulation.Tell(account, new Deposit(cents));
        }

        simulation.RunToEnd();
        simulation.Stop();
        return Recording.Read(disk).Agent("account");
    }

    [Fact]
    public void Run_ARequestWhoseAskerHadGivenUp_IsNotGivenAgain()
    {
        var disk = new SimulatedDisk();
        using var simulation = new Simulation(1, new SimulationOptions { Disk = disk, TimeMovesOneIn = 0 });
        Probe<Note> auditor = simulation.Probe<Note>("auditor");
        Stub<GetRate, Rate> rates = simulation.Stub<GetRate, Rate>("rates")
            .AnswersAfter(TimeSpan.FromSeconds(4), new Rate(1000));
        AgentId account = simulation.Kernel.Spawn(
            "account", e => new Account(e.Grant<Note>(auditor.Agent), e.GrantAsk<GetRate, Rate>(rates.Agent)));
        simulation.Tell(account, new Deposit(5));
        Assert.Throws<AskException>(
            () => simulation.Ask<GetBalance, Balance>(account, default, TimeSpan.FromSeconds(1)));
        simulation.RunToEnd();
        Assert.Equal(1, simulation.Kernel.DeadLetters.Count(DeadLetterReason.AskAbandoned));
        simulation.Stop();

        RecordedAgent recorded = Recording.Read(disk).Agent("account");
        Assert.Equal(["Deposit", "GetBalance"], recorded.Messages.Select(message => message.TypeName));
        Replay.Run(recorded, s_types, Account);
    }

    [Fact]
    public void Run_AJournalOfAKilledProcess_MayEndInTheMiddle()
    {
        var disk = new SimulatedDisk();
        using var simulation = new Simulation(1, new SimulationOptions
        {
            Disk = disk, Codecs = new MessageCodecs().AddJson(BankJson.Default.Note), TimeMovesOneIn = 0,
        });
        Probe<Note> auditor = simulation.Probe<Note>("auditor");
        Stub<GetRate, Rate> rates = simulation.Stub<GetRate, Rate>("rates")
            .Answers(new Rate(1000)).AnswersAfter(TimeSpan.FromSeconds(4), new Rate(1000));
        AgentId account = simulation.Kernel.Spawn(
            "account", e => new Account(e.Grant<Note>(auditor.Agent), e.GrantAsk<GetRate, Rate>(rates.Agent)));
        simulation.Tell(account, new Deposit(5));
        simulation.Tell(account, new Deposit(6));
        rates.Expect();
        rates.Expect();
        simulation.RunUntilIdle();
        RecordedAgent recorded = Recording.Read(SimulatedDisk.From(simulation.Kill())).Agent("account");

        Assert.False(recorded.IsWhole);
        Assert.Equal([5L, 6], recorded.Messages.Select(message => message.As<Deposit>().Cents));
        Replay.Run(recorded, s_types, Account);
        Divergence divergence = Replay.FindDivergence(recorded, s_types, _ => new Silent())!;
        Assert.Equal("account took Deposit { Cents = 5 }, message 1 of 2", divergence.Where);
    }

    [Fact]
    public void Run_AReplyThatCameTooLate_ComesTooLateAgain()
    {
        RecordedAgent account = Record(static e => new Account(e.Auditor, e.Rates), [5, 6], static rates => rates
            .AnswersAfter(TimeSpan.FromSeconds(7), new Rate(1000)).Answers(new Rate(1000)));
        Replay.Run(account, s_types, Account);
    }

    [Fact]
    public void FindDivergence_AnotherBug_IsToldByItsType()
    {
        RecordedAgent account = Record(static e => new Account(e.Auditor, e.Rates), [-1]);
        Replay.Run(account, s_types, Account);
        Divergence divergence = Replay.FindDivergence(account, s_types, _ => new Broken())!;
        Assert.StartsWith(
            "failed with Error: ArgumentOutOfRangeException", divergence.Recorded, StringComparison.Ordinal);
        Assert.Equal("failed with Error: InvalidDataException: another bug", divergence.Replayed);
    }

    [Fact]
    public void FindDivergence_WhatItSendsAtItsStart_IsComparedToo()
    {
        RecordedAgent starter = Record(static e => new Starter(e.Auditor, "hello"), [1]);
        Assert.Null(Replay.FindDivergence(starter, s_types, e => new Starter(e.Grant<Note>("auditor"), "hello")));
        Divergence other = Replay.FindDivergence(
            starter, s_types, e => new Starter(e.Grant<Note>("auditor"), "goodbye"))!;
        Assert.Equal("sent Note { Text = goodbye } to auditor", other.Replayed);
        Assert.Equal("account, outside any message", other.Where);
        Divergence elsewhere = Replay.FindDivergence(
            starter, s_types, e => new Starter(e.Grant<Note>("somebody"), "hello"))!;
        Assert.Equal("sent Note { Text = hello } to somebody", elsewhere.Replayed);
    }

    [Fact]
    public void As_TheStructHasAnotherSizeNow_SaysBoth()
    {
        RecordedMessage message = Record(seed: 1).Agent("account").Messages[0];
        RecordingException failure = Assert.Throws<RecordingException>(() => message.As<Later.Deposit>());
        Assert.Contains("has 8 bytes, and such a message now has 16", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Agent_NoSuchName_SaysWhichThereAre()
    {
        RecordingException failure = Assert.Throws<RecordingException>(() => Record(seed: 1).Agent("nobody"));
        Assert.Contains("account of run 1, 9 messages", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>The agents that the account might have become since. Each overrides what differs.</summary>
    private abstract class Variant(Capability<Note> auditor, AskCapability<GetRate, Rate> rates)
        : Agent, IHandleAsync<Deposit>, IAnswer<GetBalance, Balance>
    {
        private long _cents;

        protected Capability<Note> Auditor => auditor;

        public virtual async ValueTask HandleAsync(Deposit message, AgentContext context, CancellationToken token)
        {
            Check(message);
            Rate rate = await context.AskAsync(rates, new GetRate(1), cancellationToken: token);
            _cents += message.Cents * rate.PerMille / 1000;
            context.Send(auditor, new Note(TextOf(message)));
            After(context);
        }

        public virtual Balance Answer(in GetBalance request, Context context) => new(_cents, context.Incarnation);

        protected virtual void Check(Deposit message) => ArgumentOutOfRangeException.ThrowIfNegative(message.Cents);

        protected virtual string TextOf(Deposit message) => $"{message.Cents} cents came in";

        protected virtual void After(AgentContext context)
        {
        }
    }

    private sealed class Changed(Capability<Note> auditor, AskCapability<GetRate, Rate> rates) : Variant(auditor, rates)
    {
        protected override string TextOf(Deposit message) =>
            message.Cents == 20 ? "20 cents, again" : base.TextOf(message);
    }

    private sealed class Eager(Capability<Note> auditor, AskCapability<GetRate, Rate> rates) : Variant(auditor, rates)
    {
        protected override void After(AgentContext context) => context.Send(Auditor, new Note("done"));
    }

    private sealed class Silent : Agent, IHandle<Deposit>, IAnswer<GetBalance, Balance>
    {
        public void Handle(in Deposit message, Context context)
        {
        }

        public Balance Answer(in GetBalance request, Context context) => default;
    }

    private sealed class Broken : Agent, IHandle<Deposit>
    {
        public void Handle(in Deposit message, Context context) => throw new InvalidDataException("another bug");
    }

    private sealed class Starter(Capability<Note> auditor, string text) : Agent, IHandle<Deposit>
    {
        public void Handle(in Deposit message, Context context)
        {
        }

        protected internal override void OnStart(Context context) => context.Send(auditor, new Note(text));
    }

    private static class Later
    {
        internal readonly record struct Deposit(long Cents, long Fee);
    }

    private sealed class Lenient(Capability<Note> auditor, AskCapability<GetRate, Rate> rates)
        : Agent, IHandleAsync<Deposit>, IAnswer<GetBalance, Balance>
    {
        private readonly Account _inner = new(auditor, rates);

        public ValueTask HandleAsync(Deposit message, AgentContext context, CancellationToken token) =>
            message.Cents < 0 ? ValueTask.CompletedTask : _inner.HandleAsync(message, context, token);

        public Balance Answer(in GetBalance request, Context context) => _inner.Answer(in request, context);
    }

    private sealed class Poorer(Capability<Note> auditor, AskCapability<GetRate, Rate> rates)
        : Agent, IHandleAsync<Deposit>, IAnswer<GetBalance, Balance>
    {
        private readonly Account _inner = new(auditor, rates);

        public ValueTask HandleAsync(Deposit message, AgentContext context, CancellationToken token) =>
            _inner.HandleAsync(message, context, token);

        public Balance Answer(in GetBalance request, Context context)
        {
            Balance balance = _inner.Answer(in request, context);
            return balance with { Cents = balance.Cents - 1 };
        }
    }
}

using Xunit;

namespace Outheis.Testing.Tests.Kit;

/// <summary>A stub answers as its script says, and the agent under test sees exactly that.</summary>
public sealed class StubTests : IDisposable
{
    private readonly Simulation _simulation = new(seed: 11, new SimulationOptions { TimeMovesOneIn = 0 });
    private readonly Stub<GetRate, Rate> _rates;
    private readonly Probe<Note> _auditor;
    private readonly AgentId _account;

    public StubTests()
    {
        _rates = _simulation.Stub<GetRate, Rate>("rates");
        _auditor = _simulation.Probe<Note>("auditor");
        _account = _simulation.Kernel.Spawn("account", endowment => new Account(
            endowment.Grant<Note>(_auditor.Agent), endowment.GrantAsk<GetRate, Rate>(_rates.Agent, badge: 3)));
    }

    public void Dispose() => _simulation.Dispose();

    [Fact]
    public void Answers_SeveralAsks_OneEachAndTheLastAgain()
    {
        _rates.Answers(new Rate(1000), new Rate(2000));
        for (int i = 0; i < 3; i++)
        {
            _simulation.Tell(_account, new Deposit(10));
            _auditor.Expect(new Note("10 cents came in"));
        }

        Assert.Equal(10 + 20 + 20, _simulation.Ask<GetBalance, Balance>(_account, default).Cents);
        Received<GetRate> asked = _rates.Expect(new GetRate(1));
        Assert.Equal((_account, "account", 3ul), (asked.Sender, asked.SenderName, asked.Badge));
        Assert.Equal(3, _rates.Received.Count);
    }

    [Fact]
    public void Script_FailsThenLateThenNeverThenBy_TheAskerSeesEach()
    {
        _rates.Fails(new IOException("closed"))
            .AnswersAfter(TimeSpan.FromSeconds(4), new Rate(500))
            .NeverAnswers()
            .AnswersAfter(TimeSpan.FromSeconds(7), new Rate(1))
            .AnswersBy(request => new Rate(request.Currency * 3000));
        for (int i = 0; i < 5; i++)
        {
            _simulation.Tell(_account, new Deposit(10));
        }

        _auditor.Expect(new Note("no rate: Failed"));
        Received<Note> late = _auditor.Expect(new Note("10 cents came in"));
        Assert.InRange(late.At, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4.1));
        Received<Note> never = _auditor.Expect(new Note("no rate: TimedOut"));
        Assert.InRange(never.At - late.At, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5.1));
        _auditor.Expect(new Note("no rate: TimedOut"));
        _auditor.Expect(new Note("10 cents came in"));
        Assert.Equal(5 + 30, _simulation.Ask<GetBalance, Balance>(_account, default).Cents);
        Assert.Equal(2, _simulation.Kernel.DeadLetters.Count(DeadLetterReason.LateReply));
        Assert.Empty(_simulation.Unsupervised);
    }

    [Fact]
    public void Script_Missing_FailsTheSimulation()
    {
        _simulation.Tell(_account, new Deposit(10));
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => _auditor.Expect());
        Assert.Contains(
            "rates was asked GetRate { Currency = 1 } and has no script", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ask_NoAnswerInTime_TimesOutOnVirtualTime()
    {
        _rates.NeverAnswers();
        AskException failure = Assert.Throws<AskException>(
            () => _simulation.Ask<GetRate, Rate>(_rates.Agent, new GetRate(1), TimeSpan.FromHours(1)));
        Assert.Equal(AskOutcome.TimedOut, failure.Outcome);
        Assert.True(_simulation.Time.Now >= TimeSpan.FromHours(1));
    }
}

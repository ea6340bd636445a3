using Xunit;

namespace Outheis.Testing.Tests.Kit;

/// <summary>A puppet plays its script, acts when told to, and keeps what it holds over restarts.</summary>
public sealed class PuppetTests : IDisposable
{
    private readonly Simulation _simulation = new(seed: 3);

    public void Dispose() => _simulation.Dispose();

    [Fact]
    public void Script_SendsAsksAndStops_InItsOrder()
    {
        Probe<Note> notes = _simulation.Probe<Note>();
        Stub<GetRate, Rate> rates = _simulation.Stub<GetRate, Rate>().AnswersBy(request => new Rate(request.Currency));
        Puppet<Deposit> partner = _simulation.Puppet<Deposit>("partner");
        Held<Note> way = partner.Holds<Note>(notes.Agent);
        Held<GetRate, Rate> asks = partner.HoldsAsk<GetRate, Rate>(rates.Agent);
        List<Rate> replies = [];
        partner.On(new Deposit(1)).Sends(way, new Note("one")).Sends(way, new Note("more"))
            .On(new Deposit(2)).Asks(asks, new GetRate(77), replies.Add).Sends(way, new Note("two"))
            .OnNext().Stops();
        _simulation.Tell(partner.Agent, new Deposit(1));
        _simulation.Tell(partner.Agent, new Deposit(2));

        SimulationFailedException failure =
            Assert.Throws<SimulationFailedException>(() => partner.ExpectPlayed(TimeSpan.FromSeconds(1)));
        Assert.Contains(
            "partner: 1 of 3 steps were not played, the next one is for a Deposit.", failure.Message,
            StringComparison.Ordinal);
        notes.ExpectInOrder(new Note("one"), new Note("more"), new Note("two"));
        Assert.Equal([new Rate(77)], replies);

        _simulation.Tell(partner.Agent, new Deposit(3));
        partner.ExpectPlayed();
        _simulation.ExpectDead(partner.Agent);
    }

    [Fact]
    public void Script_AnotherMessageComes_FailsTheSimulation()
    {
        Puppet<Deposit> partner = _simulation.Puppet<Deposit>("partner");
        partner.On(deposit => deposit.Cents > 5).Stops();
        _simulation.Tell(partner.Agent, new Deposit(1));
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => partner.ExpectPlayed());
        Assert.Contains(
            "partner is at a step for deposit => deposit.Cents > 5, and Deposit { Cents = 1 } came", failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Script_SendThatIsRefused_FailsTheSimulationUnlessExpected()
    {
        Probe<Note> notes = _simulation.Probe<Note>();
        Puppet<Deposit> partner = _simulation.Puppet<Deposit>("partner");
        Held<Note> way = partner.Holds<Note>(notes.Agent);
        _simulation.Run(() => _simulation.Kernel.RevokeAsync(way.Capability));
        partner.OnNext().Sends(way, new Note("late"), SendResult.Revoked)
            .OnNext().Sends(way, new Note("late"));
        _simulation.Tell(partner.Agent, new Deposit(1));
        _simulation.RunUntilIdle();
        _simulation.Tell(partner.Agent, new Deposit(1));
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(_simulation.RunUntilIdle);
        Assert.Contains("expected Sent; it was Revoked", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Script_Derives_TheHolderCanUseIt()
    {
        Probe<Note> notes = _simulation.Probe<Note>();
        Puppet<Deposit> giver = _simulation.Puppet<Deposit>("giver");
        Puppet<Deposit> taker = _simulation.Puppet<Deposit>("taker");
        Held<Note> way = giver.Holds<Note>(notes.Agent, Rights.Send | Rights.Grant);
        Capability<Note> given = default;
        giver.OnNext().Derives(way, taker.Agent, Rights.Send, (result, derived) =>
        {
            Assert.Equal(DeriveResult.Derived, result);
            given = derived;
        }, badge: 6);
        _simulation.Tell(giver.Agent, new Deposit(1));
        giver.ExpectPlayed();

        Assert.Equal(SendResult.Sent, taker.Do(context => context.SendAsync(given, new Note("hello"))));
        Assert.Equal(SendResult.Denied, giver.Do(context => context.SendAsync(given, new Note("hello"))));
        Received<Note> received = notes.Expect(new Note("hello"));
        Assert.Equal((taker.Agent, 6ul), (received.Sender, received.Badge));
    }

    [Fact]
    public void Script_Crashes_TheNextIncarnationHoldsTheSame()
    {
        Probe<Note> notes = _simulation.Probe<Note>();
        Overseer overseer = _simulation.Overseer();
        Puppet<Deposit> child = _simulation.Puppet<Deposit>(
            "child", new SpawnOptions { Supervisor = overseer.Agent });
        Held<Note> way = child.Holds<Note>(notes.Agent, badge: 2);
        Capability<Note> first = way.Capability;
        child.OnNext().Crashes(new InvalidDataException("bug")).OnNext().Sends(way, new Note("again"));
        _simulation.Tell(child.Agent, new Deposit(1));
        _simulation.Tell(child.Agent, new Deposit(2));

        ExitSignal exit = overseer.ExpectExit<InvalidDataException>(child.Agent);
        Assert.Equal((1u, "bug"), (exit.Incarnation, exit.Reason.Exception!.Message));
        Assert.Equal(2ul, notes.Expect(new Note("again")).Badge);
        Assert.NotEqual(first, way.Capability);
    }

    [Fact]
    public void Do_ThrowsInItsTurn_ComesOutAndTheAgentLivesOn()
    {
        Puppet<Deposit> puppet = _simulation.Puppet<Deposit>();
        Assert.Throws<InvalidDataException>(
            () => puppet.Do(static (AgentContext _) => throw new InvalidDataException("mine")));
        Assert.Equal(puppet.Agent, puppet.Do(static context => new ValueTask<AgentId>(context.Self)));
    }
}

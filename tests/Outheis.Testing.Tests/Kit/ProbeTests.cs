using Xunit;

namespace Outheis.Testing.Tests.Kit;

/// <summary>A probe writes down what comes, waits on virtual time, and says what came instead.</summary>
public sealed class ProbeTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Simulation _simulation = new(seed: 7);

    public void Dispose() => _simulation.Dispose();

    [Fact]
    public void Expect_AMessage_TellsSenderNameAndBadge()
    {
        Probe<Deposit> probe = _simulation.Probe<Deposit>("till");
        Puppet<Note> customer = _simulation.Puppet<Note>("customer");
        Held<Deposit> way = customer.Holds<Deposit>(probe.Agent, badge: 9);
        customer.Do(context => context.SendAsync(way.Capability, new Deposit(3)));
        _simulation.Tell(probe.Agent, new Deposit(4), badge: 5);

        Received<Deposit> first = probe.Expect(new Deposit(3));
        Assert.Equal((customer.Agent, "customer", 9ul), (first.Sender, first.SenderName, first.Badge));
        Received<Deposit> second = probe.Expect(deposit => deposit.Cents == 4);
        Assert.Equal((AgentId.Host, "host", 5ul), (second.Sender, second.SenderName, second.Badge));
        Assert.Equal([first, second], probe.Received);
    }

    [Fact]
    public void Expect_WhatComesLater_MovesVirtualTime()
    {
        Probe<Deposit> probe = _simulation.Probe<Deposit>();
        Puppet<Note> late = _simulation.Puppet<Note>();
        Held<Deposit> way = late.Holds<Deposit>(probe.Agent);
        late.OnNext().Waits(9 * Second).Sends(way, new Deposit(1));
        _simulation.Tell(late.Agent, new Note("go"));

        Received<Deposit> received = probe.Expect();
        Assert.InRange(received.At, 9 * Second, 9.1 * Second);
    }

    [Fact]
    public void Expect_NothingInTime_SaysWhatCameBeforeAndTheSeed()
    {
        Probe<Deposit> probe = _simulation.Probe<Deposit>("till");
        _simulation.Tell(probe.Agent, new Deposit(1));
        probe.Expect(new Deposit(1));
        TimeSpan before = _simulation.Time.Now;

        SimulationFailedException failure =
            Assert.Throws<SimulationFailedException>(() => probe.Expect(new Deposit(2), 3 * Second));
        Assert.Contains(
            "till: expected Deposit { Cents = 2 } within 00:00:03", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Deposit { Cents = 1 } from host", failure.Message, StringComparison.Ordinal);
        Assert.Contains("recorded by till", failure.Message, StringComparison.Ordinal);
        Assert.Contains("seed=7 step=", failure.Message, StringComparison.Ordinal);
        Assert.Equal("expectation", failure.Promise);
        Assert.InRange(_simulation.Time.Now, before, before + 3 * Second);
    }

    [Fact]
    public void Expect_SomethingElse_SaysWhatCameInstead()
    {
        Probe<Deposit> probe = _simulation.Probe<Deposit>("till");
        _simulation.Tell(probe.Agent, new Deposit(2));
        SimulationFailedException wrong =
            Assert.Throws<SimulationFailedException>(() => probe.Expect(new Deposit(1)));
        Assert.Contains(
            "expected Deposit { Cents = 1 }.\ncame instead:\n  Deposit { Cents = 2 } from host", wrong.Message,
            StringComparison.Ordinal);
        SimulationFailedException unmatched =
            Assert.Throws<SimulationFailedException>(() => probe.Expect(deposit => deposit.Cents > 5));
        Assert.Contains("expected deposit => deposit.Cents > 5.", unmatched.Message, StringComparison.Ordinal);
        probe.Expect(new Deposit(2));
    }

    [Fact]
    public void ExpectInOrder_AnotherOrder_Fails()
    {
        Probe<Deposit> probe = _simulation.Probe<Deposit>();
        _simulation.Tell(probe.Agent, new Deposit(1));
        _simulation.Tell(probe.Agent, new Deposit(2));
        _simulation.Tell(probe.Agent, new Deposit(3));
        probe.ExpectInOrder(new Deposit(1), new Deposit(2));
        Assert.Throws<SimulationFailedException>(() => probe.ExpectInOrder(new Deposit(4), new Deposit(3)));
    }

    [Fact]
    public void ExpectInAnyOrder_OneIsAnother_Fails()
    {
        Probe<Deposit> probe = _simulation.Probe<Deposit>();
        foreach (int cents in (int[])[3, 1, 1, 5])
        {
            _simulation.Tell(probe.Agent, new Deposit(cents));
        }

        probe.ExpectInAnyOrder(new Deposit(1), new Deposit(3), new Deposit(1));
        SimulationFailedException failure =
            Assert.Throws<SimulationFailedException>(() => probe.ExpectInAnyOrder(new Deposit(1), new Deposit(2)));
        Assert.Contains("Deposit { Cents = 1 }; Deposit { Cents = 2 }", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExpectNothing_SomethingComesLaterOnly_HoldsUntilThen()
    {
        Probe<Deposit> probe = _simulation.Probe<Deposit>("till");
        Puppet<Note> late = _simulation.Puppet<Note>();
        Held<Deposit> way = late.Holds<Deposit>(probe.Agent);
        late.OnNext().Waits(5 * Second).Sends(way, new Deposit(1));
        _simulation.Tell(late.Agent, new Note("go"));

        TimeSpan start = _simulation.Time.Now;
        probe.ExpectNothing(4 * Second);
        Assert.True(_simulation.Time.Now >= start + 4 * Second);
        SimulationFailedException failure =
            Assert.Throws<SimulationFailedException>(() => probe.ExpectNothing(2 * Second));
        Assert.Contains(
            "till: expected nothing for 00:00:02.\ncame:\n  Deposit", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hold_UntilRelease_FillsItsChannel()
    {
        Probe<Deposit> probe = _simulation.Probe<Deposit>(options: new SpawnOptions { Capacity = 2 });
        Capability<Deposit> way = _simulation.Kernel.Grant<Deposit>(probe.Agent);
        probe.Hold();
        List<SendResult> sent = [];
        for (int i = 1; i <= 5; i++)
        {
            sent.Add(way.Send(new Deposit(i)));
            _simulation.RunUntilIdle();
        }

        Assert.Equal(
            [SendResult.Sent, SendResult.Sent, SendResult.Sent, SendResult.Full, SendResult.Full], sent);
        Assert.Single(probe.Received);
        probe.Release();
        probe.ExpectInOrder(new Deposit(1), new Deposit(2), new Deposit(3));
        probe.ExpectNothing(Second);
    }
}

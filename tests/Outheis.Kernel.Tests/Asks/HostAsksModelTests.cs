using FsCheck.Xunit;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests;

/// <summary>The host's asks against a list of all that ever were: each ends once, with the first that ends it.
/// </summary>
public sealed class HostAsksModelTests : IDisposable
{
    private static readonly TimeSpan Grain = Limits.SweepPeriod;

    public enum Verb
    {
        Rent,
        Complete,
        CompleteWithAnotherType,
        Fail,
        Cancel,
        Withdraw,
        TimePasses,
        Read,
    }

    private sealed class Ask(HostAsk<int> slot, ulong correlation, TimeSpan due, CancellationTokenSource cancel)
    {
        public ulong Correlation => correlation;

        public TimeSpan Due => due;

        public CancellationTokenSource Cancel => cancel;

        /// <summary>Null once its result was read or it was withdrawn.</summary>
        public HostAsk<int>? Slot { get; set; } = slot;

        public AskOutcome? Outcome { get; set; }

        public int Reply { get; set; }
    }

    private readonly StepKernel _world = new();
    private readonly VirtualTime _time = new();
    private readonly HostAsks _asks;
    private readonly AgentCell _callee;
    private readonly List<Ask> _model = [];
    private TimeSpan _now;

    public HostAsksModelTests()
    {
        _asks = new HostAsks(_time);
        _callee = _world.Kernel.Agents.Find(_world.Kernel.Spawn(new Puppet()).Value)!;
    }

    public void Dispose()
    {
        _model.ForEach(ask => ask.Cancel.Dispose());
        _world.Dispose();
    }

    [Property(MaxTest = 100, EndSize = 200)]
    public static void HostAsks_AnySteps_EqualsAListOfAsks((Verb Verb, byte Which)[] steps)
    {
        using var test = new HostAsksModelTests();
        foreach ((Verb verb, byte which) in steps)
        {
            test.Do(verb, which);
            Assert.All(test._model, ask => Assert.Equal(ask.Outcome is null, test._asks.IsCurrent(ask.Correlation)));
        }

        test._asks.FailAll();
        Assert.All(test._model, ask => Assert.False(test._asks.IsCurrent(ask.Correlation)));
    }

    private void Do(Verb verb, byte which)
    {
        Ask? ask = _model.Count == 0 ? null : _model[which % _model.Count];
        bool waits = ask is { Outcome: null };
        switch (verb)
        {
            case Verb.Rent:
                Rent(TimeSpan.FromMilliseconds(which));
                break;
            case Verb.Complete when ask is not null:
                Assert.Equal(waits, _asks.Complete(ask.Correlation, (int)which));
                ask.Reply = waits ? which : ask.Reply;
                ask.Outcome ??= AskOutcome.Replied;
                break;
            case Verb.CompleteWithAnotherType when ask is not null:
                Assert.False(_asks.Complete(ask.Correlation, (long)which));
                break;
            case Verb.Fail when ask is not null:
                Assert.Equal(waits, _asks.Fail(ask.Correlation, AskOutcome.Failed, null));
                ask.Outcome ??= AskOutcome.Failed;
                break;
            case Verb.Cancel when ask is { Slot: not null }:
                ask.Cancel.Cancel();
                ask.Outcome ??= AskOutcome.Cancelled;
                break;
            case Verb.Withdraw when waits:
                _asks.Withdraw(ask!.Slot!, Correlation.Generation(ask.Correlation));
                (ask.Slot, ask.Outcome) = (null, AskOutcome.Cancelled);
                break;
            case Verb.TimePasses:
                PassTime(TimeSpan.FromMilliseconds(which));
                break;
            case Verb.Read when ask is { Slot: not null, Outcome: { } outcome }:
                Assert.Equal(outcome, Read(ask));
                break;
        }
    }

    private void Rent(TimeSpan timeout)
    {
        HostAsk<int> slot = _asks.Rent<int>(_callee, timeout)!;
        Assert.DoesNotContain(_model, other => ReferenceEquals(other.Slot, slot));
        var cancel = new CancellationTokenSource();
        slot.CancelWith(slot.Correlation, cancel.Token);
        _model.Add(new Ask(slot, slot.Correlation, _now + timeout, cancel));
    }

    /// <summary>The sweep comes every so often: what is due earlier than one grain ago has timed out, what is due
    /// later has not, and of the rest the table itself says which.</summary>
    private void PassTime(TimeSpan by)
    {
        _now += by;
        _time.AdvanceBy(by);
        foreach (Ask ask in _model.Where(ask => ask.Outcome is null && ask.Due <= _now))
        {
            bool isOver = !_asks.IsCurrent(ask.Correlation);
            Assert.True(isOver || ask.Due > _now - Grain, $"due at {ask.Due}, waits at {_now}");
            ask.Outcome = isOver ? AskOutcome.TimedOut : null;
        }
    }

    private static AskOutcome Read(Ask ask)
    {
        HostAsk<int> slot = ask.Slot!;
        ask.Slot = null;
        try
        {
            Assert.Equal(ask.Reply, slot.GetResult(slot.Version));
            return AskOutcome.Replied;
        }
        catch (AskException error)
        {
            return error.Outcome;
        }
        catch (OperationCanceledException)
        {
            return AskOutcome.Cancelled;
        }
    }
}

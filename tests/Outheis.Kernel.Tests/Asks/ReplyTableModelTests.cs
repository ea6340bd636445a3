using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>The asks of a core against a list of all that ever were: each ends once, with the first that ends it.
/// </summary>
public sealed class ReplyTableModelTests : IDisposable
{
    public enum Verb
    {
        Rent,
        RentOfAnotherType,
        Complete,
        CompleteWithAnotherType,
        Fail,
        Cancel,
        Sweep,
        Read,
    }

    /// <summary>One ask. Its outcome is null as long as it waits; the slot is null once its result was read.</summary>
    private sealed class Ask(ReplySlot slot, ulong correlation, long deadline)
    {
        public ulong Correlation => correlation;

        public long Deadline => deadline;

        public ReplySlot? Slot { get; set; } = slot;

        public AskOutcome? Outcome { get; set; }

        public int Reply { get; set; }
    }

    private readonly StepKernel _world = new();
    private readonly ReplyTable _replies;
    private readonly AgentContext _asker;
    private readonly AgentCell _callee;
    private readonly List<Ask> _model = [];
    private long _now;

    public ReplyTableModelTests()
    {
        _replies = _world.CoreAt(0).Replies;
        AgentId asker = _world.Kernel.Spawn(new Puppet(), core: 0);
        AgentId callee = _world.Kernel.Spawn(new Puppet(), core: 0);
        _world.Run();
        _asker = new AgentContext(_world.Kernel.Agents.Find(asker.Value)!);
        _callee = _world.Kernel.Agents.Find(callee.Value)!;
    }

    public void Dispose() => _world.Dispose();

    [Property(MaxTest = 100, EndSize = 300)]
    public static void ReplyTable_AnySteps_EqualsAListOfAsks((Verb Verb, byte Which)[] steps)
    {
        using var test = new ReplyTableModelTests();
        foreach ((Verb verb, byte which) in steps)
        {
            test.Do(verb, which);
            test.Check();
        }
    }

    private void Do(Verb verb, byte which)
    {
        Ask? ask = _model.Count == 0 ? null : _model[which % _model.Count];
        bool waits = ask is { Outcome: null };
        switch (verb)
        {
            case Verb.Rent:
                Add(_replies.Rent<int>(_asker, _callee, _now + which)!, _now + which);
                break;
            case Verb.RentOfAnotherType:
                Add(_replies.Rent<long>(_asker, _callee, _now + which)!, _now + which);
                break;
            case Verb.Complete when ask is not null:
                bool completed = ask.Slot is ReplySlot<long>
                    ? _replies.Complete(ask.Correlation, (long)which)
                    : _replies.Complete(ask.Correlation, (int)which);
                Assert.Equal(waits, completed);
                ask.Reply = waits ? which : ask.Reply;
                End(ask, AskOutcome.Replied);
                break;
            case Verb.CompleteWithAnotherType when ask is not null:
                Assert.False(_replies.Complete(ask.Correlation, "a text"));
                break;
            case Verb.Fail when ask is not null:
                Assert.Equal(waits, _replies.Fail(ask.Correlation, AskOutcome.Failed, null));
                End(ask, AskOutcome.Failed);
                break;
            case Verb.Cancel when ask is not null:
                _replies.Withdraw(ask.Correlation);
                End(ask, AskOutcome.Cancelled);
                break;
            case Verb.Sweep:
                _now += which;
                Ask[] due = [.. Waiting.Where(waiting => waiting.Deadline <= _now)];
                Assert.Equal(due.Length, _replies.Sweep(_now));
                Array.ForEach(due, waiting => End(waiting, AskOutcome.TimedOut));
                break;
            case Verb.Read when ask is { Slot: not null, Outcome: { } outcome }:
                Assert.Equal(outcome, Read(ask));
                break;
        }
    }

    private IEnumerable<Ask> Waiting => _model.Where(ask => ask.Outcome is null);

    private void Add(ReplySlot slot, long deadline)
    {
        Assert.DoesNotContain(_model, other => ReferenceEquals(other.Slot, slot));
        _model.Add(new Ask(slot, slot.Correlate(0), deadline));
    }

    private static void End(Ask ask, AskOutcome outcome) => ask.Outcome ??= outcome;

    private static AskOutcome Read(Ask ask)
    {
        ReplySlot slot = ask.Slot!;
        ask.Slot = null;
        try
        {
            long reply = slot is ReplySlot<long> longs
                ? longs.GetResult(longs.TaskToken)
                : ((ReplySlot<int>)slot).GetResult(slot.TaskToken);
            Assert.Equal(ask.Reply, reply);
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

    private void Check()
    {
        Assert.Equal(Waiting.Count(), _replies.Pending);
        Assert.All(_model, ask => Assert.Equal(ask.Outcome is null, _replies.IsCurrent(ask.Correlation)));
        long? earliest = Waiting.Any() ? Waiting.Min(ask => ask.Deadline) : null;
        Assert.Equal(earliest is null, _replies.NextDeadline is null);
        Assert.True(_replies.NextDeadline is null || _replies.NextDeadline <= earliest, "a timeout would come late");
    }
}

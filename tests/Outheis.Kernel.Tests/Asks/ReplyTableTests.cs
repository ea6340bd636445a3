using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>Slots and their generations: a reply reaches the ask that it was for, or nobody.</summary>
public sealed class ReplyTableTests : IDisposable
{
    private readonly StepKernel _world = new();
    private readonly ReplyTable _replies;
    private readonly AgentContext _asker;
    private readonly AgentCell _callee;

    public ReplyTableTests()
    {
        _replies = _world.CoreAt(0).Replies;
        AgentId asker = _world.Kernel.Spawn(new Puppet(), core: 0);
        AgentId callee = _world.Kernel.Spawn(new Puppet(), core: 0);
        _world.Run();
        _asker = new AgentContext(_world.Kernel.Agents.Find(asker.Value)!);
        _callee = _world.Kernel.Agents.Find(callee.Value)!;
        _world.CoreAt(0).Enter();      // whose table it is
    }

    public void Dispose()
    {
        Core.Leave();
        _world.Dispose();
    }

    private ReplySlot<int> Rent(long deadline = 100) => _replies.Rent<int>(_asker, _callee, deadline)!;

    [Fact]
    public void Complete_Twice_OnlyTheFirstCounts()
    {
        ReplySlot<int> slot = Rent();
        ulong correlation = slot.Correlate(0);
        Assert.True(_replies.IsCurrent(correlation));
        Assert.True(_replies.Complete(correlation, 1));
        Assert.False(_replies.Complete(correlation, 2));
        Assert.False(_replies.Fail(correlation, AskOutcome.Failed, null));
        Assert.False(_replies.IsCurrent(correlation));
        Assert.Equal(1, slot.GetResult(slot.TaskToken));
        Assert.Equal(0, _replies.Pending);
    }

    [Fact]
    public void Complete_AfterTheSlotIsUsedAgain_DoesNotReachTheNewAsk()
    {
        ReplySlot<int> slot = Rent();
        ulong old = slot.Correlate(0);
        _replies.Fail(old, AskOutcome.TimedOut, null);
        Assert.Throws<AskException>(() => slot.GetResult(slot.TaskToken));
        ReplySlot<int> again = Rent();
        Assert.Same(slot, again);
        Assert.False(_replies.Complete(old, 1));
        Assert.True(again.IsPending);
        Assert.True(_replies.Complete(again.Correlate(0), 2));
        Assert.Equal(2, again.GetResult(again.TaskToken));
    }

    [Fact]
    public void Complete_AnotherReplyType_IsRefused()
    {
        ReplySlot<int> slot = Rent();
        Assert.False(_replies.Complete(slot.Correlate(0), 1L));
        Assert.True(slot.IsPending);
    }

    [Fact]
    public void Rent_BeforeTheResultIsRead_MakesAnotherSlot()
    {
        ReplySlot<int> slot = Rent();
        _replies.Complete(slot.Correlate(0), 1);
        Assert.NotSame(slot, Rent());
        Assert.Equal(1, slot.GetResult(slot.TaskToken));
        Assert.Same(slot, Rent());
    }

    [Fact]
    public void GetResult_Twice_ThrowsAndReturnsTheSlotOnce()
    {
        ReplySlot<int> slot = Rent();
        short token = slot.TaskToken;
        _replies.Complete(slot.Correlate(0), 1);
        Assert.Equal(1, slot.GetResult(token));
        Assert.Throws<InvalidOperationException>(() => slot.GetResult(token));
        Assert.Same(slot, Rent());
        Assert.NotSame(slot, Rent());
    }

    [Fact]
    public void Rent_ManyTypesAndSlots_EachReplyFindsItsOwn()
    {
        var ints = new List<ReplySlot<int>>();
        var longs = new List<ReplySlot<long>>();
        for (int i = 0; i < 200; i++)
        {
            ints.Add(Rent());
            longs.Add(_replies.Rent<long>(_asker, _callee, 100)!);
        }

        Assert.Equal(400, ints.Select(s => s.Index).Concat(longs.Select(s => s.Index)).Distinct().Count());
        for (int i = 0; i < 200; i++)
        {
            Assert.True(_replies.Complete(ints[i].Correlate(0), i));
            Assert.True(_replies.Complete(longs[i].Correlate(0), (long)-i));
        }

        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal(i, ints[i].GetResult(ints[i].TaskToken)));
        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal(-i, longs[i].GetResult(longs[i].TaskToken)));
    }

    [Fact]
    public void Sweep_SomeAreDue_EndsThoseAndKnowsTheNext()
    {
        ReplySlot<int> early = Rent(10), middle = Rent(20), late = Rent(30);
        Assert.Equal(10, _replies.NextDeadline);
        Assert.Equal(0, _replies.Sweep(9));
        Assert.Equal(2, _replies.Sweep(20));
        Assert.Equal((false, false, true), (early.IsPending, middle.IsPending, late.IsPending));
        Assert.Equal(30, _replies.NextDeadline);
        Assert.Equal(1, _replies.Pending);
        Assert.Equal(1, _replies.Sweep(31));
        Assert.Null(_replies.NextDeadline);
    }

    [Theory, InlineData(30, 20), InlineData(20, 30)]
    public void Sweep_SomeAreLeft_KnowsTheEarliestOfThem(long one, long other)
    {
        Rent(one);
        Rent(other);
        Rent(10);
        Assert.Equal(1, _replies.Sweep(10));
        Assert.Equal(20, _replies.NextDeadline);
    }

    [Fact]
    public void NextDeadline_EarlierAskIsOver_IsNotLaterThanTheTrueOne()
    {
        ReplySlot<int> early = Rent(10);
        Rent(50);
        _replies.Complete(early.Correlate(0), 1);
        Assert.True(_replies.NextDeadline <= 50);
        _replies.Sweep(15);
        Assert.Equal(50, _replies.NextDeadline);
    }

    [Property(MaxTest = 300)]
    public static bool Correlation_OfAnything_ComesApartAgain(byte table, uint slot, uint generation)
    {
        ulong correlation = Correlation.Of(table, (int)(slot & 0xFFFFFF), generation);
        return Correlation.Table(correlation) == table && Correlation.Slot(correlation) == (slot & 0xFFFFFF)
            && Correlation.Generation(correlation) == generation;
    }

    [Theory]
    [InlineData(0, 0, 1u)]
    [InlineData(127, (1 << 24) - 1, uint.MaxValue)]
    [InlineData(Correlation.HostTable, 77, 0x80000001u)]
    public void Correlation_ComposedAndTakenApart_IsTheSame(int table, int slot, uint generation)
    {
        ulong correlation = Correlation.Of(table, slot, generation);
        Assert.Equal((table, slot, generation),
            (Correlation.Table(correlation), Correlation.Slot(correlation), Correlation.Generation(correlation)));
        Assert.NotEqual(0ul, correlation);
    }

    /// <summary>A sweep looks at what waits or was used since the last one, however many slots there are.</summary>
    [Fact]
    public void Sweep_FewOfManySlotsWait_LooksAtThoseAlone()
    {
        const int slots = 1000;
        ReplySlot<int>[] all = [.. Enumerable.Range(0, slots).Select(_ => Rent(deadline: 300))];
        _replies.SetDeadline(all[777], 100);
        for (int i = 0; i < slots; i++)
        {
            if (i is not (777 or 13))
            {
                Assert.True(_replies.Complete(all[i].Correlate(0), i));
                Assert.Equal(i, all[i].GetResult(all[i].TaskToken));
            }
        }

        Assert.Equal(1, _replies.Sweep(100));
        Assert.Equal((1, 1, 300), (_replies.Pending, _replies.Listed, _replies.NextDeadline));
        ReplySlot<int> again = Rent(deadline: 200);      // a slot that was taken off the list
        Assert.Contains(again, all);
        Assert.Equal(2, _replies.Listed);
        Assert.Equal(1, _replies.Sweep(200));
        Assert.False(again.IsPending);
        Assert.Equal((1, 1, 300), (_replies.Pending, _replies.Listed, _replies.NextDeadline));
        Assert.Equal(1, _replies.Sweep(300));
        Assert.Equal((0, 0, (long?)null), (_replies.Pending, _replies.Listed, _replies.NextDeadline));
        var late = Assert.Throws<AskException>(() => all[13].GetResult(all[13].TaskToken));
        Assert.Equal(AskOutcome.TimedOut, late.Outcome);
    }
}

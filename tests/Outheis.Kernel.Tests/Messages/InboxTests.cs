using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>What <see cref="CellTests"/> does not ask of an inbox.</summary>
public sealed unsafe class InboxTests : IDisposable
{
    private readonly CellSlab _cells = new();

    public void Dispose() => _cells.Dispose();

    [Fact]
    public void Take_WhenEmpty_ReturnsNullAndChangesNothing()
    {
        var inbox = new Inbox();
        Assert.True(inbox.Take() == null);
        Assert.True(inbox.IsEmpty && inbox.Peek() == null);
        Assert.Equal(0, inbox.Count);
    }

    [Fact]
    public void Put_ACellThatLinksElsewhere_EndsTheList()
    {
        var inbox = new Inbox();
        Message* stale = _cells.Rent();
        Message* cell = _cells.Rent();
        cell->Next = stale;
        inbox.Put(cell);
        Assert.True(inbox.Take() == cell);
        Assert.True(inbox.Take() == null);
    }

    [Fact]
    public void Put_AfterItRanEmpty_StartsAnew()
    {
        var inbox = new Inbox();
        Message* first = _cells.Rent();
        Message* second = _cells.Rent();
        inbox.Put(first);
        inbox.Take();
        inbox.Put(second);
        inbox.Put(first);
        Assert.Equal(2, inbox.Count);
        Assert.True(inbox.Take() == second && inbox.Take() == first && inbox.IsEmpty);
    }

    [Fact]
    public void Take_LeavesTheMessageAsItWas()
    {
        var inbox = new Inbox();
        Message* cell = _cells.Rent();
        new Span<byte>(cell, Limits.CellBytes).Fill(7);
        inbox.Put(cell);
        Message* taken = inbox.Take();
        Assert.False(new Span<byte>(taken, Limits.CellBytes)[sizeof(long)..].ContainsAnyExcept((byte)7));
    }

    /// <summary>OT-12: two queues, the priority lane before the other one.</summary>
    [Property(MaxTest = 200, EndSize = 300)]
    public bool Inbox_WithAPriorityLane_EqualsTwoQueues(byte[] steps)
    {
        using var cells = new CellSlab();
        var inbox = new Inbox();
        var lane = new Queue<ulong>();
        var others = new Queue<ulong>();
        ulong next = 1;
        foreach (byte step in steps)
        {
            if (step % 4 < 2)
            {
                Message* cell = cells.Rent();
                (cell->Badge, cell->Flags) = (next, step % 4 == 0 ? MessageFlags.Priority : MessageFlags.None);
                inbox.Put(cell);
                (step % 4 == 0 ? lane : others).Enqueue(next++);
            }
            else if (step == byte.MaxValue)
            {
                Inbox all = inbox;
                inbox = default;
                inbox.PutAll(ref all);
            }
            else if (inbox.Take() is var cell && cell != null)
            {
                if (cell->Badge != (lane.Count > 0 ? lane : others).Dequeue())
                {
                    return false;
                }

                cells.Return(cell);
            }

            if (inbox.Count != lane.Count + others.Count || inbox.IsEmpty != (inbox.Count == 0))
            {
                return false;
            }
        }

        List<ulong> seen = [];
        inbox.Look(cell => seen.Add(cell->Badge));
        return seen.SequenceEqual(lane.Concat(others));
    }

    [Fact]
    public void Append_OnTheWay_OvertakesNothing()
    {
        var inbox = new Inbox();
        Message* first = _cells.Rent();
        Message* second = _cells.Rent();
        (first->Flags, second->Flags) = (MessageFlags.None, MessageFlags.Priority);
        inbox.Append(first);
        inbox.Append(second);
        Assert.True(inbox.Take() == first && inbox.Take() == second);
    }
}

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
}

using FsCheck.Xunit;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>Cells and the inboxes that link them, against a queue and a set.</summary>
public sealed unsafe class CellTests
{
    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 100, EndSize = 100)]
    public bool Inbox_AnySteps_EqualsAQueue(ChannelCommand[] steps)
    {
        using var cells = new CellSlab();
        var inbox = new Inbox();
        var model = new Queue<ulong>();
        ulong next = 1;
        foreach (ChannelVerb verb in steps.SelectMany(step => Enumerable.Repeat(step.Verb, step.Count)))
        {
            if (verb == ChannelVerb.Send)
            {
                Message* cell = cells.Rent();
                cell->Badge = next;
                inbox.Put(cell);
                model.Enqueue(next++);
            }
            else
            {
                Message* cell = inbox.Take();
                if ((cell != null) != model.TryDequeue(out ulong expected) || (cell != null && cell->Badge != expected))
                {
                    return false;
                }

                if (cell != null)
                {
                    cells.Return(cell);
                }
            }

            if (inbox.Count != model.Count || inbox.IsEmpty != (model.Count == 0)
                || cells.InUse != model.Count || (model.Count > 0 && inbox.Peek()->Badge != model.Peek()))
            {
                return false;
            }
        }

        return true;
    }

    [Property(MaxTest = 30, EndSize = 200)]
    public bool CellSlab_AnySteps_NeverHandsOutACellTwice((byte Count, bool Rent)[] steps)
    {
        using var cells = new CellSlab();
        var rented = new List<nint>();
        foreach ((byte count, bool rent) in steps)
        {
            for (int i = 0; i < count * 20; i++)
            {
                if (rent)
                {
                    Message* cell = cells.Rent();
                    cell->Badge = (ulong)rented.Count;
                    rented.Add((nint)cell);
                }
                else if (rented.Count > 0)
                {
                    var cell = (Message*)rented[^1];
                    rented.RemoveAt(rented.Count - 1);
                    if (cell->Badge != (ulong)rented.Count)
                    {
                        return false;      // somebody else wrote into it
                    }

                    cells.Return(cell);
                }
            }
        }

        return cells.InUse == rented.Count && rented.Distinct().Count() == rented.Count
            && rented.All(cell => cell % Limits.CellBytes == 0);
    }

    [Fact]
    public void Rent_AfterReturn_HandsOutTheWarmCell()
    {
        using var cells = new CellSlab();
        cells.Rent();
        Message* last = cells.Rent();
        cells.Return(last);
        Assert.True(cells.Rent() == last);
    }

    [Fact]
    public void References_OfManyBlocks_ComeBackFromTheirOwnCell()
    {
        using var cells = new CellSlab();
        var rented = new List<nint>();
        for (int i = 0; i < 6 * Limits.SlabCells; i++)      // more blocks than the array of references starts with
        {
            Message* cell = cells.Rent();
            cells.PutReference(cell, i);
            rented.Add((nint)cell);
        }

        for (int i = 0; i < rented.Count; i++)
        {
            Assert.Equal(i, (int)cells.TakeReference((Message*)rented[i]));
        }
    }

    [Fact]
    public void TakeReference_LeavesNothingAlive()
    {
        using var cells = new CellSlab();
        Message* cell = cells.Rent();
        cells.PutReference(cell, "kept");
        _ = cells.TakeReference(cell);
        Assert.Null(cells.TakeReference(cell));
    }

    [Fact]
    public void Carriage_ByType_IsInlineBoxedOrReference()
    {
        Assert.True(Carriage<int>.IsInline && Carriage<WideMessage>.IsInline);
        Assert.False(Carriage<BoxedMessage>.IsInline || Carriage<NamedMessage>.IsInline || Carriage<string>.IsInline);
        Assert.True(Carriage<BoxedMessage>.IsBoxed && Carriage<NamedMessage>.IsBoxed);
        Assert.False(Carriage<string>.IsBoxed || Carriage<int>.IsBoxed);
        Assert.True(Carriage<string>.IsReference);
        Assert.Equal((4, 48, 0, 0), (Carriage<int>.InlineBytes, Carriage<WideMessage>.InlineBytes,
            Carriage<BoxedMessage>.InlineBytes, Carriage<string>.InlineBytes));
    }

    [Fact]
    public void Carriage_ByLength_TooLargeBeyondTheLimit()
    {
        Assert.False(Carriage<Longest>.IsTooLarge || Carriage<string>.IsTooLarge);
        Assert.True(Carriage<TooLong>.IsTooLarge);
    }

    [Fact]
    public void Wrap_Struct_ComesBackAndItsBoxForgetsIt()
    {
        object box = Carriage<NamedMessage>.Wrap(new NamedMessage(1, "kept"));
        Assert.Equal("kept", Carriage<NamedMessage>.Unwrap(ref box).Name);
        Carriage<NamedMessage>.Release(box);
        Assert.Null(((PooledBox<NamedMessage>)box).Value.Name);
    }

    [Fact]
    public void Wrap_Object_IsTheObject()
    {
        object carried = Carriage<string>.Wrap("itself");
        Assert.Same("itself", carried);
        Assert.Same("itself", Carriage<string>.Unwrap(ref carried));
    }
}

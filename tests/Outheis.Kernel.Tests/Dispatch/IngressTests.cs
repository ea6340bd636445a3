using FsCheck.Xunit;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

[Collection(OnThreads.Name)]
public sealed unsafe class IngressTests
{
    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 60, EndSize = 300)]
    public bool Ingress_AnySteps_EqualsAQueueOfItsSize(ChannelCommand[] steps)
    {
        using var ingress = new Ingress();
        var model = new Queue<ulong>();
        ulong next = 0;
        foreach ((ChannelVerb verb, int count) in steps)
        {
            for (int i = 0; i < count; i++)
            {
                bool same = verb == ChannelVerb.Send
                    ? SendEquals(ingress, model, ref next)
                    : TakeEquals(ingress, model);
                if (!same || ingress.HasRoom != model.Count < Limits.IngressSlots)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool SendEquals(Ingress ingress, Queue<ulong> model, ref ulong next)
    {
        bool fits = model.Count < Limits.IngressSlots;
        Message* slot = ingress.TryClaim(out long position);
        if (slot != null)
        {
            slot->Badge = next;
            ingress.PutReference(position, next);
            Ingress.Publish(slot, position);
            model.Enqueue(next++);
        }

        return fits == (slot != null);
    }

    private static void Give(Ingress ingress)
    {
        ingress.Take();
        ingress.Free();
    }

    private static bool TakeEquals(Ingress ingress, Queue<ulong> model)
    {
        Message* slot = ingress.Peek();
        if (!model.TryDequeue(out ulong expected))
        {
            return slot == null;
        }

        bool same = slot != null && slot->Badge == expected && (ulong)ingress.TakeReference() == expected;
        Give(ingress);
        return same;
    }

    [Fact]
    public void Peek_FirstClaimNotPublished_HidesWhatLiesBehind()
    {
        using var ingress = new Ingress();
        Message* first = ingress.TryClaim(out long one);
        Message* second = ingress.TryClaim(out long two);
        Ingress.Publish(second, two);
        Assert.True(ingress.Peek() == null);
        Ingress.Publish(first, one);
        Assert.True(ingress.Peek() == first);
        Give(ingress);
        Assert.True(ingress.Peek() == second);
    }

    [Fact]
    public void RestoreReference_PutBack_IsTakenAgain()
    {
        using var ingress = new Ingress();
        Message* slot = ingress.TryClaim(out long position);
        ingress.PutReference(position, "it");
        Ingress.Publish(slot, position);
        ingress.RestoreReference(ingress.TakeReference());
        Assert.Same("it", ingress.TakeReference());
    }

    [Fact]
    public void Threads_ManyProducers_EachMessageOnceInOrderOfItsProducer()
    {
        const int Producers = 4, Each = 30_000;
        using var ingress = new Ingress();
        int[] seen = new int[Producers];
        Action[] actions =
            [.. Enumerable.Range(0, Producers).Select(p => (Action)(() => Produce(ingress, p, Each)))];
        ThreadKernel.Together([.. actions, () =>
        {
            for (int i = 0; i < Producers * Each; i++)
            {
                Message* slot;
                while ((slot = ingress.Peek()) == null)
                {
                    Thread.Yield();
                }

                Assert.Equal((ulong)seen[slot->Sender]++, slot->Badge);
                Assert.Equal((slot->Sender, slot->Badge), ((uint, ulong))ingress.TakeReference());
                Give(ingress);
            }
        }]);
        Assert.All(seen, count => Assert.Equal(Each, count));
        Assert.True(ingress.Peek() == null);
    }

    private static void Produce(Ingress ingress, int producer, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Message* slot;
            long position;
            while ((slot = ingress.TryClaim(out position)) == null)
            {
                Thread.Yield();
            }

            slot->Sender = (uint)producer;
            slot->Badge = (ulong)i;
            ingress.PutReference(position, ((uint)producer, (ulong)i));
            Ingress.Publish(slot, position);
        }
    }

    /// <summary>
    /// Producers publish in any order; what is readable is always the longest published beginning.
    /// </summary>
    [Property(MaxTest = 60, StartSize = 50, EndSize = 600)]
    public bool Ingress_PublishedInAnyOrder_IsReadInOrderOfTheClaims((byte Verb, byte Which)[] steps)
    {
        using var ingress = new Ingress();
        var model = new Queue<long>();                              // positions claimed and not yet read
        var pending = new List<(nint Slot, long Position)>();       // claimed and not yet published
        foreach ((byte verb, byte which) in steps)
        {
            if (verb % 3 == 0 && pending.Count > 0)
            {
                (nint slot, long position) = pending[which % pending.Count];
                pending.RemoveAt(which % pending.Count);
                ((Message*)slot)->Position = position;
                Ingress.Publish((Message*)slot, position);
            }
            else if (verb % 3 == 1)
            {
                Message* slot = ingress.TryClaim(out long position);
                model.Enqueue(position);
                pending.Add(((nint)slot, position));
            }
            else if (!ReadsAll(ingress, model, pending))
            {
                return false;
            }
        }

        return true;
    }

    private static bool ReadsAll(Ingress ingress, Queue<long> model, List<(nint Slot, long Position)> pending)
    {
        while (model.TryPeek(out long position) && pending.TrueForAll(claim => claim.Position != position))
        {
            Message* slot = ingress.Peek();
            if (slot == null || slot->Position != position)
            {
                return false;
            }

            Give(ingress);
            model.Dequeue();
        }

        return ingress.Peek() == null;
    }

    [Fact]
    public void TryClaim_WhenFull_IsNullAndChangesNothing()
    {
        using var ingress = new Ingress();
        for (int i = 0; i < Limits.IngressSlots; i++)
        {
            Message* slot = ingress.TryClaim(out long position);
            Assert.Equal(i, position);
            slot->Badge = (ulong)i;
            Ingress.Publish(slot, position);
        }

        Assert.False(ingress.HasRoom);
        Assert.True(ingress.TryClaim(out _) == null);
        Message* first = ingress.Peek();
        Assert.Equal(0ul, first->Badge);
        Give(ingress);
        Assert.True(ingress.HasRoom);
        Assert.True(ingress.TryClaim(out long next) == first);
        Assert.Equal(Limits.IngressSlots, next);
        Assert.True(ingress.TryClaim(out _) == null);
        Assert.Equal(1ul, ingress.Peek()->Badge);
    }

    [Fact]
    public void TakeReference_LeavesNothingAlive()
    {
        using var ingress = new Ingress();
        Message* slot = ingress.TryClaim(out long position);
        ingress.PutReference(position, "kept");
        Ingress.Publish(slot, position);
        _ = ingress.TakeReference();
        Assert.Null(ingress.TakeReference());
    }
}

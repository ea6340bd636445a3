using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

[Collection(OnThreads.Name)]
public sealed unsafe class IngressTests
{
    [Property(MaxTest = 60, EndSize = 300)]
    public bool Ingress_AnySteps_EqualsAQueueOfItsSize((bool Send, byte Times)[] steps)
    {
        using var ingress = new Ingress();
        var model = new Queue<ulong>();
        ulong next = 0;
        foreach ((bool send, byte times) in steps)
        {
            for (int i = 0; i < times * 8; i++)
            {
                bool same = send ? SendEquals(ingress, model, ref next) : TakeEquals(ingress, model);
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

    private static bool TakeEquals(Ingress ingress, Queue<ulong> model)
    {
        Message* slot = ingress.Peek();
        if (!model.TryDequeue(out ulong expected))
        {
            return slot == null;
        }

        bool same = slot != null && slot->Badge == expected && (ulong)ingress.TakeReference() == expected;
        ingress.Free(slot);
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
        ingress.Free(first);
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
        Action[] actions = [.. Enumerable.Range(0, Producers).Select(p => (Action)(() => Produce(ingress, p, Each)))];
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
                ingress.Free(slot);
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
}

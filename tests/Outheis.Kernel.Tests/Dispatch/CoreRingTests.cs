using FsCheck.Xunit;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

[Collection(OnThreads.Name)]
public sealed unsafe class CoreRingTests
{
    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 100, EndSize = 400)]
    public bool CoreRing_AnySteps_EqualsAQueueOfItsSize(ChannelCommand[] steps)
    {
        using var ring = new CoreRing();
        var model = new Queue<ulong>();
        int taken = 0;      // not yet freed
        ulong next = 0;
        foreach ((ChannelVerb verb, int count) in steps)
        {
            bool send = verb == ChannelVerb.Send;
            for (int i = 0; i < count; i++)
            {
                bool same = send
                    ? SendEquals(ring, model, ref next, taken)
                    : TakeEquals(ring, model, ref taken);
                if (!same)
                {
                    return false;
                }
            }

            if (!send)
            {
                ring.Free();
                taken = 0;
            }

            if (ring.HasRoomToResume() != (Limits.RingSlots - model.Count - taken >= Limits.RingResumeSlots))
            {
                return false;
            }
        }

        return true;
    }

    private static bool SendEquals(CoreRing ring, Queue<ulong> model, ref ulong next, int taken)
    {
        Message* slot = ring.TryClaim();
        bool fits = model.Count + taken < Limits.RingSlots;
        if (slot != null)
        {
            slot->Badge = next;
            ring.PutReference(next);
            ring.Publish(slot);
            model.Enqueue(next++);
        }

        return fits == (slot != null);
    }

    private static bool TakeEquals(CoreRing ring, Queue<ulong> model, ref int taken)
    {
        Message* slot = ring.Peek();
        if (!model.TryDequeue(out ulong expected))
        {
            return slot == null;
        }

        bool same = slot != null && slot->Badge == expected && (ulong)ring.TakeReference() == expected;
        ring.Take();
        taken++;
        return same;
    }

    [Fact]
    public void TryClaim_NotPublished_IsNotReadable()
    {
        using var ring = new CoreRing();
        Message* slot = ring.TryClaim();
        Assert.True(ring.Peek() == null);
        Assert.True(ring.TryClaim() == slot);      // a claim that was given up costs nothing
        ring.Publish(slot);
        Assert.True(ring.Peek() == slot);
    }

    [Fact]
    public void Peek_Twice_SeesTheSameMessage()
    {
        using var ring = new CoreRing();
        ring.Publish(ring.TryClaim());
        Assert.True(ring.Peek() == ring.Peek());
    }

    [Fact]
    public void Threads_ProducerAndConsumer_EachMessageOnceInOrder()
    {
        const int Messages = 200_000;
        using var ring = new CoreRing();
        ThreadKernel.Together(
            () =>
            {
                for (long i = 0; i < Messages; i++)
                {
                    Message* slot;
                    while ((slot = ring.TryClaim()) == null)
                    {
                        Thread.Yield();
                    }

                    slot->Badge = (ulong)i;
                    slot->Labels = ~(ulong)i;
                    if ((i & 7) == 0)
                    {
                        ring.PutReference(i);
                    }

                    ring.Publish(slot);
                }
            },
            () =>
            {
                for (long i = 0; i < Messages; i++)
                {
                    Message* slot;
                    while ((slot = ring.Peek()) == null)
                    {
                        ring.Free();
                        Thread.Yield();
                    }

                    Assert.True(slot->Badge == (ulong)i && slot->Labels == ~(ulong)i, $"message {i}");
                    Assert.True((i & 7) != 0 || (long)ring.TakeReference() == i, $"reference of {i}");
                    ring.Take();
                    if ((i & 31) == 0)
                    {
                        ring.Free();
                    }
                }
            });
    }

    [Fact]
    public void TryClaim_WhenFull_IsNullUntilTakenSlotsAreGivenBack()
    {
        using var ring = new CoreRing();
        Message* first = ring.TryClaim();
        for (ulong i = 0; i < Limits.RingSlots; i++)
        {
            Message* slot = ring.TryClaim();
            slot->Badge = i;
            ring.Publish(slot);
        }

        Assert.True(ring.TryClaim() == null);
        Assert.Equal(0ul, ring.Peek()->Badge);
        ring.Take();
        Assert.True(ring.TryClaim() == null);      // taken, but the producer has not heard of it
        ring.Free();
        Assert.True(ring.TryClaim() == first);
        Assert.Equal(1ul, ring.Peek()->Badge);
    }

    [Fact]
    public void TakeReference_LeavesNothingAlive()
    {
        using var ring = new CoreRing();
        Message* slot = ring.TryClaim();
        ring.PutReference("kept");
        ring.Publish(slot);
        _ = ring.TakeReference();
        Assert.Null(ring.TakeReference());
    }

    [Fact]
    public void SetBlocked_OnAndOff_IsWhatTheReceiverSees()
    {
        using var ring = new CoreRing();
        Assert.False(ring.IsSenderBlocked);
        ring.SetBlocked(true);
        Assert.True(ring.IsSenderBlocked);
        ring.SetBlocked(false);
        Assert.False(ring.IsSenderBlocked);
    }
}

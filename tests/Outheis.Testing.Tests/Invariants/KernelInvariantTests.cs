using Xunit;

namespace Outheis.Testing.Tests;

/// <summary>Each invariant is seen to break when the kernel's state is tampered with, and none without.</summary>
public sealed unsafe class KernelInvariantTests : IDisposable
{
    private readonly record struct Number(int Value);

    private readonly Simulation _simulation;
    private readonly AgentCell _sink;
    private readonly AgentCell _other;
    private readonly Capability<Number> _to;

    public KernelInvariantTests()
    {
        _simulation = new Simulation(1, new SimulationOptions { Disk = new SimulatedDisk(), InterruptOneIn = 0 });
        AgentId sink = _simulation.Kernel.Spawn("sink", () => new Sink(), new SpawnOptions { Core = 0 });
        AgentId other = _simulation.Kernel.Spawn("other", () => new Sink(), new SpawnOptions { Core = 1 });
        _to = _simulation.Kernel.Grant<Number>(sink, badge: 7);
        _simulation.RunUntilIdle();
        _sink = _simulation.Kernel.Agents.Find(sink.Value)!;
        _other = _simulation.Kernel.Agents.Find(other.Value)!;
        _simulation.AssertInvariants();
    }

    private Core Home => _sink.Core;

    public void Dispose() => _simulation.Dispose();

    private sealed class Sink : Agent, IHandle<Number>
    {
        public void Handle(in Number message, Context context)
        {
        }
    }

    [Fact]
    public void Check_CreditTakenForNothing_BreaksInv01()
    {
        _sink.Credits.TakeShared(1);
        Breaks("INV-01");
    }

    [Fact]
    public void Check_CreditGivenBackTwice_BreaksInv01()
    {
        _sink.Credits.GiveBack(1);
        Breaks("INV-01");
    }

    [Fact]
    public void Check_LaterMessageFirst_BreaksInv02()
    {
        PutInInbox(position: 200);
        PutInInbox(position: 100);
        Breaks("INV-02");
    }

    [Fact]
    public void Check_SlotWithAnotherSequence_BreaksInv03()
    {
        CoreRing ring = _other.Core.Out[Home.Index]!;
        Message* slot = ring.TryClaim();
        ring.Publish(slot);
        slot->Sequence++;
        Breaks("INV-03");
    }

    [Fact]
    public void Check_SlotReadableThatNobodySent_BreaksInv03()
    {
        CoreRing ring = _other.Core.Out[Home.Index]!;
        ring.TryClaim()->Sequence = ring.Sent + 1;
        Breaks("INV-03");
    }

    [Fact]
    public void Check_ObjectBesideAFreeSlot_BreaksInv03()
    {
        Home.Ingress.PutReference(Home.Ingress.Claimed + 5, "left behind");
        Breaks("INV-03");
    }

    [Fact]
    public void Check_RunningBetweenTurns_BreaksInv06()
    {
        _sink.State = AgentState.Running;
        Breaks("INV-06");
    }

    [Fact]
    public void Check_IdleBesideAMessage_BreaksInv06()
    {
        PutInInbox(position: 100);
        _sink.State = AgentState.Idle;
        Breaks("INV-06");
    }

    [Fact]
    public void Check_AskCountedThatDoesNotWait_BreaksInv07()
    {
        var context = new AgentContext(_sink);
        Home.Replies.Rent<int>(context, _other, long.MaxValue)!.IsPending = false;
        Breaks("INV-07");
    }

    [Fact]
    public void Check_MessageInARingAndNoWake_BreaksInv08()
    {
        PutInRing();
        Breaks("INV-08");
    }

    [Fact]
    public void AssertInvariants_OfAKernelWithASleeperBesideItsWork_BreaksInv08()
    {
        PutInRing();
        InvalidOperationException broken =
            Assert.Throws<InvalidOperationException>(_simulation.Kernel.AssertInvariants);
        Assert.StartsWith("INV-08:", broken.Message, StringComparison.Ordinal);
    }

    private void PutInRing()
    {
        CoreRing ring = _other.Core.Out[Home.Index]!;
        Message* slot = ring.TryClaim();
        (slot->Target, slot->Flags) = (_sink.Id.Value, MessageFlags.Uncredited);
        ring.Publish(slot);
    }

    [Fact]
    public void Check_MessageThroughNoCapability_BreaksInv10()
    {
        PutInInbox(position: 100)->Capability = 0;
        Breaks("INV-10");
    }

    [Fact]
    public void Check_MessageThroughACapabilityNeverIssued_BreaksInv10()
    {
        PutInInbox(position: 100)->Capability = 1000;
        Breaks("INV-10");
    }

    [Fact]
    public void Check_MessageThroughACapabilityWithoutTheRight_BreaksInv10()
    {
        _simulation.Kernel.Capabilities.Derive(
            null, _to.Node, _to.Node!.Holder, _other, Rights.Grant, 0, out CapabilityNode? child);
        PutInInbox(position: 100)->Capability = child!.Id;
        Breaks("INV-10");
    }

    [Fact]
    public void Check_ChildWithAnotherBadge_BreaksInv11()
    {
        DeriveResult derived = _simulation.Kernel.Capabilities.Derive(
            null, _to.Node, _to.Node!.Holder, _other, Rights.Send, 0, out CapabilityNode? child);
        Assert.Equal((DeriveResult.Derived, 7UL), (derived, child!.Badge));
        _simulation.AssertInvariants();
        child.Stamp.Badge = 8;
        Breaks("INV-11");
    }

    [Fact]
    public void Check_MessageWithAnotherBadge_BreaksInv15()
    {
        PutInInbox(position: 100)->Badge = 8;
        Breaks("INV-15");
    }

    [Fact]
    public void Check_MessageOfAnotherSender_BreaksInv15()
    {
        PutInInbox(position: 100)->Sender = _other.Id.Value;
        Breaks("INV-15");
    }

    [Fact]
    public void Check_DeadCapabilityListed_BreaksInv20()
    {
        _to.Node!.TryKill();
        Breaks("INV-20");
    }

    [Fact]
    public void Check_AskOfAnIncarnationThatEnded_BreaksInv20()
    {
        var ended = new AgentContext(_sink);
        Home.Replies.Rent<int>(ended, _other, long.MaxValue);
        Breaks("INV-20");
    }

    [Fact]
    public void Check_SendThatWaitsAtTheDead_BreaksInv20()
    {
        _simulation.Kernel.Agents.Remove(_sink.Id.Value);
        _sink.TrySetDead();
        _sink.Waiters.Add(new Forgotten());
        Breaks("INV-20");
    }

    private sealed class Forgotten : Waiter
    {
        public override void Wake()
        {
        }

        public override void Run(Core core)
        {
        }
    }

    [Fact]
    public void Check_MessageWithoutPosition_BreaksInv35()
    {
        PutInInbox(position: 0);
        Breaks("INV-35");
    }

    [Fact]
    public void Check_CellThatHoldsNothing_BreaksCells()
    {
        Home.Cells.Rent();
        Breaks("cells");
    }

    [Fact]
    public void Check_RaisedByNobody_BreaksInv40()
    {
        _sink.EffectiveQos = Qos.UserInteractive;
        Breaks("INV-40");
    }

    [Fact]
    public void Check_RaisedByAnAskThatIsOver_BreaksInv40()
    {
        (_sink.Overrides = new Overrides()).Set(Correlation.Of(0, 3, 1), Qos.UserInitiated);
        _sink.EffectiveQos = Qos.UserInitiated;
        Breaks("INV-40");
    }

    [Fact]
    public void Check_AskerOfAHigherClassThanItsCallee_BreaksInv40()
    {
        var context = new AgentContext(_sink);
        (_sink.Async, _sink.EffectiveQos) = (context, Qos.UserInitiated);
        (_sink.Overrides = new Overrides()).Set(Home.Replies.Rent<int>(
            context, _other, long.MaxValue)!.Correlate(0), Qos.UserInitiated);
        Breaks("INV-40");
    }

    [Fact]
    public void Check_WaitingInALowerBandThanItsClass_BreaksInv40()
    {
        PutInInbox(position: 100);
        Home.MakeReady(_sink);
        Home.Wake();
        _other.Async = new AgentContext(_other);
        ReplySlot waits = Home.Replies.Rent<int>(_other.Async, _sink, long.MaxValue)!;
        (_sink.Overrides = new Overrides()).Set(waits.Correlate(Home.Index), Qos.UserInitiated);
        _sink.EffectiveQos = Qos.UserInitiated;
        Breaks("INV-40");
    }

    [Fact]
    public void AssertInvariants_OfTheKernel_NamesTheFirstBroken()
    {
        _simulation.Kernel.AssertInvariants();
        Home.Cells.Rent();
        InvalidOperationException broken =
            Assert.Throws<InvalidOperationException>(_simulation.Kernel.AssertInvariants);
        Assert.StartsWith("cells:", broken.Message, StringComparison.Ordinal);
    }

    /// <summary>A message as if it had been sent through the host's capability.</summary>
    private Message* PutInInbox(long position)
    {
        Message* cell = Home.Cells.Rent();
        *(MessageStamp*)&cell->Route = _to.Node!.Stamp;
        cell->Position = position;
        Assert.Equal(1, _sink.Credits.TakeShared(1));
        _sink.Inbox.Put(cell);
        _sink.State = AgentState.Ready;
        // Two of one agent: order among the host's threads is not promised.
        if (position is 100 or 200 && _sink.Inbox.Count == 2)
        {
            Message* first = _sink.Inbox.Peek();
            first->Sender = cell->Sender = _other.Id.Value;
            first->Capability = cell->Capability = 99;
        }

        return cell;
    }

    private void Breaks(string name)
    {
        SimulationFailedException broken = Assert.Throws<SimulationFailedException>(_simulation.AssertInvariants);
        Assert.Equal(name, broken.Promise);
        _sink.State = AgentState.Idle;
    }
}

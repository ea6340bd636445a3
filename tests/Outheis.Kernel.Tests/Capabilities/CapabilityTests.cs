using Xunit;

namespace Outheis.Tests;

/// <summary>Who may do what: default deny, holders, rights, badges, derivation.</summary>
public sealed class CapabilityTests : IDisposable
{
    private readonly StepKernel _world = new(21);
    private readonly List<(ulong Badge, uint Sender, int Message)> _received = [];
    private readonly AgentId _target;

    public CapabilityTests() => _target = _world.Kernel.Receive<int>(
        (in int m, Context context) => _received.Add((context.Badge, context.Sender.Value, m)));

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    /// <summary>What a script in one turn of an agent returns.</summary>
    private T In<T>(AgentId agent, Func<Context, T> script)
    {
        T result = default!;
        bool done = false;
        Kernel.Do(agent, context =>
        {
            result = script(context);
            done = true;
        });
        _world.RunUntil(() => done);
        _world.Run();
        return result;
    }

    private AgentId Puppet(int core = 0) => Kernel.Spawn(new Puppet(), core);

    [Fact]
    public void Agent_JustSpawned_HoldsNothing()
    {
        AgentId agent = Puppet();
        Assert.DoesNotContain(Kernel.ListCapabilities(), c => c.Holder == agent);
        Assert.Null(Kernel.Agents.Find(agent.Value)!.Held);
    }

    [Fact]
    public void Send_CapabilityOfAnotherAgent_IsDenied()
    {
        AgentId holder = Puppet(), thief = Puppet(), awayThief = Puppet(core: 1);
        Capability<int> to = Kernel.GrantTo<int>(holder, _target);
        Assert.Equal(SendResult.Denied, In(thief, c => c.Send(to, 1)));
        Assert.Equal(SendResult.Denied, In(awayThief, c => c.Send(to, 2)));
        Assert.Equal(SendResult.Denied, to.Send(3));      // the host holds it no more than they do
        Assert.Equal(SendResult.Sent, In(holder, c => c.Send(to, 4)));
        Assert.Equal([(0ul, holder.Value, 4)], _received);
    }

    [Fact]
    public void Send_HostCapabilityInsideATurn_IsDenied()
    {
        AgentId agent = Puppet();
        Capability<int> host = Kernel.Grant<int>(_target);
        Assert.Equal(SendResult.Denied, In(agent, _ => host.Send(1)));
        Assert.Equal(SendResult.Denied, In(agent, c => c.Send(host, 2)));
        Assert.Equal(SendResult.Denied, In(agent, _ => host.SendAsync(3).AsTask().Result));
        Assert.False(In(agent, _ => host.AsWriter().TryWrite(4)));
        Assert.Equal(SendResult.Sent, host.Send(5));
        _world.Run();
        Assert.Equal([(0ul, 0u, 5)], _received);
    }

    [Fact]
    public void Ask_HostCapabilityInsideATurn_IsDenied()
    {
        AgentId agent = Puppet();
        AgentId answerer = Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x));
        AskCapability<int, int> host = Kernel.GrantAsk<int, int>(answerer);
        Exception? refused = In(agent, _ => host.AskAsync(1).AsTask().Exception!.InnerException);
        Assert.Equal(AskOutcome.Denied, Assert.IsType<AskException>(refused).Outcome);
    }

    [Fact]
    public void Kernel_CalledInsideATurn_Throws()
    {
        AgentId agent = Puppet();
        Assert.IsType<InvalidOperationException>(In(agent, _ => Record.Exception(() => Kernel.Grant<int>(_target))));
        Assert.IsType<InvalidOperationException>(In(agent, _ => Record.Exception(() =>
            Kernel.GrantTo<int>(agent, _target))));
        Assert.IsType<InvalidOperationException>(In(agent, _ => Record.Exception(() => Kernel.Spawn(new Puppet()))));
    }

    [Fact]
    public void Derive_ForAnother_WorksForThatHolderAlone()
    {
        AgentId holder = Puppet(), friend = Puppet(core: 1);
        Capability<int> own = Kernel.GrantTo<int>(holder, _target, Rights.Send | Rights.Grant);
        Capability<int> derived = default;
        Assert.Equal(DeriveResult.Derived, In(holder, c => c.Derive(own, friend, Rights.Send, 7, out derived)));
        Assert.Equal(SendResult.Denied, In(holder, c => c.Send(derived, 1)));
        Assert.Equal(SendResult.Sent, In(friend, c => c.Send(derived, 2)));
        Assert.Equal([(7ul, friend.Value, 2)], _received);
    }

    [Fact]
    public void Derive_MoreThanOneHas_GivesNoMore()
    {
        AgentId holder = Puppet(), friend = Puppet();
        Capability<int> grantOnly = Kernel.GrantTo<int>(holder, _target, Rights.Grant);
        Capability<int> derived = default;
        In(holder, c => c.Derive(grantOnly, friend, Rights.Send | Rights.Grant | Rights.Ask, 0, out derived));
        Assert.Equal(Rights.Grant, Kernel.ListCapabilities().Single(c => c.Id == derived.Id).Rights);
        Assert.Equal(SendResult.Denied, In(friend, c => c.Send(derived, 1)));
    }

    [Fact]
    public void Derive_WithoutGrant_IsDenied()
    {
        AgentId holder = Puppet(), friend = Puppet();
        Capability<int> own = Kernel.GrantTo<int>(holder, _target);
        Capability<int> derived = default;
        Assert.Equal(DeriveResult.Denied, In(holder, c => c.Derive(own, friend, Rights.Send, 0, out derived)));
        Assert.Equal(default, derived);
        Assert.Equal(DeriveResult.Denied, In(friend, c => c.Derive(own, friend, Rights.Send, 0, out derived)));
    }

    [Fact]
    public void Derive_FromABadgedOne_KeepsTheBadge()
    {
        AgentId holder = Puppet(), friend = Puppet();
        Capability<int> own = Kernel.GrantTo<int>(holder, _target, Rights.Send | Rights.Grant, badge: 5);
        Capability<int> derived = default;
        Assert.Equal(DeriveResult.AlreadyBadged, In(holder, c => c.Derive(own, friend, Rights.Send, 6, out derived)));
        Assert.Equal(DeriveResult.Derived, In(holder, c => c.Derive(own, friend, Rights.Send, 0, out derived)));
        In(friend, c => c.Send(derived, 1));
        Assert.Equal([(5ul, friend.Value, 1)], _received);
    }

    [Fact]
    public void RevokeDerived_ByItsDeriver_ReachesGrandchildrenAndLeavesItself()
    {
        AgentId a = Puppet(), b = Puppet(core: 1), c = Puppet();
        Capability<int> first = Kernel.GrantTo<int>(a, _target, Rights.Send | Rights.Grant);
        Capability<int> second = default, third = default;
        In(a, x => x.Derive(first, b, Rights.Send | Rights.Grant, 0, out second));
        In(b, x => x.Derive(second, c, Rights.Send, 0, out third));
        In(a, x =>
        {
            x.RevokeDerived(first);
            return 0;
        });
        Assert.Equal(SendResult.Revoked, In(b, x => x.Send(second, 1)));
        Assert.Equal(SendResult.Revoked, In(c, x => x.Send(third, 1)));
        Assert.Equal(SendResult.Sent, In(a, x => x.Send(first, 2)));
    }

    [Fact]
    public void RevokeDerived_BySomebodyElse_DoesNothing()
    {
        AgentId a = Puppet(), b = Puppet();
        Capability<int> first = Kernel.GrantTo<int>(a, _target, Rights.Send | Rights.Grant);
        Capability<int> second = default;
        In(a, x => x.Derive(first, b, Rights.Send, 0, out second));
        In(b, x =>
        {
            x.RevokeDerived(first);
            return 0;
        });
        Assert.Equal(SendResult.Sent, In(b, x => x.Send(second, 1)));
    }

    [Fact]
    public void Grant_TypeThatIsNotHandled_ThrowsAndNamesIt()
    {
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => Kernel.Grant<Guid>(_target));
        Assert.Contains("IHandle<Guid>", wrong.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Kernel.GrantAsk<int, int>(_target));
        Assert.Throws<ArgumentException>(() => Kernel.Grant<int>(new AgentId(999)));
    }

    public class Open;

    [Fact]
    public void Grant_ClassThatIsNotSealed_Throws()
    {
        AgentId agent = Kernel.Receive<Open>([]);
        Assert.Throws<ArgumentException>(() => Kernel.Grant<Open>(agent));
    }

    [Fact]
    public void ListCapabilities_AfterGrantAndDerive_SaysWhoHoldsWhatAndWhy()
    {
        AgentId holder = Puppet(), friend = Puppet();
        Capability<int> own = Kernel.GrantTo<int>(
            holder, _target, Rights.Send | Rights.Grant, badge: 3, purpose: "to count");
        Capability<int> derived = default;
        In(holder, c => c.Derive(own, friend, Rights.Send, 0, out derived));
        CapabilityInfo parent = Kernel.ListCapabilities().Single(c => c.Id == own.Id);
        CapabilityInfo child = Kernel.ListCapabilities().Single(c => c.Id == derived.Id);
        Assert.Equal(
            new CapabilityInfo(own.Id, holder, _target, Rights.Send | Rights.Grant, 3, "Int32", "to count", 0), parent);
        Assert.Equal(
            new CapabilityInfo(derived.Id, friend, _target, Rights.Send, 3, "Int32", "to count", own.Id), child);
    }

    [Fact]
    public void Restart_OfTheHolder_TakesWhatItHeldAndLeavesWhatItDerived()
    {
        AgentId boss = Kernel.Spawn(new Listener { Restarts = true });
        List<Capability<int>> endowed = [];
        AgentId holder = Kernel.Spawn("holder", endow =>
        {
            endowed.Add(endow.Grant<int>(_target, Rights.Send | Rights.Grant));
            return new Puppet();
        }, new SpawnOptions { Supervisor = boss });
        AgentId friend = Puppet();
        Capability<int> derived = default;
        In(holder, c => c.Derive(endowed[0], friend, Rights.Send, 0, out derived));
        Kernel.Do(holder, _ => throw new InvalidDataException("bug"));
        _world.Run();
        Assert.Equal(2, endowed.Count);
        Assert.Equal(SendResult.Revoked, In(holder, c => c.Send(endowed[0], 1)));
        Assert.Equal(SendResult.Sent, In(holder, c => c.Send(endowed[1], 2)));
        Assert.Equal(SendResult.Sent, In(friend, c => c.Send(derived, 3)));
    }
}

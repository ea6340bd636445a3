using FsCheck.Xunit;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>
/// Agents that grant, derive, revoke, send, fail and die, through the public verbs and from within turns, against a
/// list of who may do what.
/// </summary>
public sealed class PopulationModelTests : IDisposable
{
    /// <summary>One capability that was ever there. A dead one keeps its parent: what it once derived may live on.
    /// </summary>
    private sealed record Modelled(
        Capability<int> Real, Modelled? Parent, int Holder, Rights Rights, ulong Badge)
    {
        public bool IsAlive { get; set; } = true;

        public bool ComesFrom(Modelled other) =>
            ReferenceEquals(this, other) || (Parent is not null && Parent.ComesFrom(other));
    }

    private readonly StepKernel _world = new();
    private readonly AgentId[] _agents;
    private readonly bool[] _isDead = new bool[CapabilityCommand.Agents];
    private readonly AgentId _target;
    private readonly List<(AgentId Sender, ulong Badge)> _received = [];
    private readonly List<Modelled> _model = [];

    public PopulationModelTests()
    {
        AgentId boss = Kernel.Spawn(new Listener { Restarts = true });
        _target = Kernel.Receive((in int _, Context context) => _received.Add((context.Sender, context.Badge)));
        _agents = [.. Enumerable.Range(0, CapabilityCommand.Agents).Select(i =>
            Kernel.Spawn(new Puppet(), core: i % 2, supervisor: boss))];
        _world.Run();
    }

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 80, EndSize = 60)]
    public static void Population_AnyCommands_EqualsTheModel(CapabilityCommand[] commands)
    {
        using var test = new PopulationModelTests();
        foreach (CapabilityCommand command in commands)
        {
            test.Do(command);
            Assert.Equal(
                test._model.Where(right => right.IsAlive).Select(right => right.Real.Id).Order(),
                test.Kernel.ListCapabilities().Where(right => right.Target == test._target)
                    .Select(right => right.Id).Order());
        }
    }

    private void Do(CapabilityCommand command)
    {
        Modelled? right = _model.Count == 0 ? null : _model[command.Capability % _model.Count];
        switch (command.Verb)
        {
            case CapabilityVerb.Grant when !_isDead[command.Agent]:
                Capability<int> granted = Kernel.GrantTo<int>(
                    _agents[command.Agent], _target, command.Rights & ~Rights.Ask, command.Badge);
                _model.Add(new Modelled(
                    granted, null, command.Agent, command.Rights & ~Rights.Ask, command.Badge));
                break;
            case CapabilityVerb.Send when right is not null:
                Send(command.ActorOf(right.Holder), right);
                break;
            case CapabilityVerb.Derive when right is not null:
                Derive(command, right);
                break;
            case CapabilityVerb.Revoke when right is not null:
                _world.Wait(Kernel.RevokeAsync(right.Real));
                Kill(other => other.ComesFrom(right));
                break;
            case CapabilityVerb.RevokeDerived when right is not null:
                RevokeDerived(command.ActorOf(right.Holder), right);
                break;
            case CapabilityVerb.Restart when !_isDead[command.Agent]:
                Kernel.Do(_agents[command.Agent], _ => throw new InvalidDataException("bug"));
                _world.Run();
                Kill(other => other.Holder == command.Agent);
                break;
            case CapabilityVerb.End when command.Agent > 2:      // some always live
                _world.Wait(Kernel.StopAgentAsync(_agents[command.Agent]));
                _isDead[command.Agent] = true;
                Kill(other => other.Holder == command.Agent);
                break;
        }
    }

    /// <summary>Has an agent do something in a turn, if it lives.</summary>
    private bool Turn(int agent, Script script)
    {
        if (_isDead[agent])
        {
            return false;
        }

        Kernel.Do(_agents[agent], script);
        _world.Run();
        return true;
    }

    private void Send(int by, Modelled right)
    {
        SendResult expected =
            by != right.Holder ? SendResult.Denied
            : !right.IsAlive ? SendResult.Revoked
            : (right.Rights & Rights.Send) == 0 ? SendResult.Denied
            : SendResult.Sent;
        SendResult sent = default;
        _received.Clear();
        if (Turn(by, context => sent = context.Send(right.Real, 1)))
        {
            Assert.Equal(expected, sent);
            Assert.Equal(
                expected == SendResult.Sent ? [(_agents[by], right.Badge)] : [], _received);
        }
    }

    private void Derive(CapabilityCommand command, Modelled right)
    {
        int by = command.ActorOf(right.Holder);
        bool clashes = right.Badge != 0 && command.Badge != 0 && command.Badge != right.Badge;
        DeriveResult expected =
            by != right.Holder ? DeriveResult.Denied
            : !right.IsAlive ? DeriveResult.Revoked
            : (right.Rights & Rights.Grant) == 0 ? DeriveResult.Denied
            : _isDead[command.Agent] ? DeriveResult.Dead
            : clashes ? DeriveResult.AlreadyBadged
            : DeriveResult.Derived;
        DeriveResult result = default;
        Capability<int> derived = default;
        bool ran = Turn(by, context => result = context.Derive(
            right.Real, _agents[command.Agent], command.Rights, command.Badge, out derived));
        if (!ran)
        {
            return;
        }

        Assert.Equal(expected, result);
        Assert.Equal(expected == DeriveResult.Derived, derived.Id != 0);
        if (expected == DeriveResult.Derived)
        {
            ulong badge = right.Badge != 0 ? right.Badge : command.Badge;
            _model.Add(new Modelled(derived, right, command.Agent, command.Rights & right.Rights, badge));
        }
    }

    private void RevokeDerived(int by, Modelled right)
    {
        bool may = by == right.Holder && right.IsAlive && (right.Rights & Rights.Grant) != 0;
        if (Turn(by, context => context.RevokeDerived(right.Real)) && may)
        {
            Kill(other => !ReferenceEquals(other, right) && other.ComesFrom(right));
        }
    }

    private void Kill(Predicate<Modelled> which)
    {
        foreach (Modelled right in _model.FindAll(which))
        {
            right.IsAlive = false;
        }
    }
}

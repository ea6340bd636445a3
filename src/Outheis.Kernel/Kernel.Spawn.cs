namespace Outheis;

/// <summary>How agents come to be, at the host's wish or at that of an agent that may.</summary>
public sealed partial class Kernel
{
    internal AgentShape ShapeOf(SpawnOptions? options, Budget? inherited = null)
    {
        int capacity = options?.Capacity ?? Options.ChannelCapacity;
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, Limits.ChannelMessagesMax, nameof(options));
        AgentCell? supervisor = options?.Supervisor is { Value: > 0 } id ? Living(id) : null;
        Budget? budget = RequireHere(options?.Budget) ?? inherited;
        return new AgentShape(
            supervisor, QosRules.Check(options?.Qos ?? Qos.Default), capacity, budget, options?.Exclusion,
            IsPinned: options?.Core is not null);
    }

    internal Core CoreAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index, nameof(SpawnOptions.Core));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Cores.Length, nameof(SpawnOptions.Core));
        return Cores[index];
    }

    /// <summary>An agent of another one's making, constructed within that one's turn. A core does not read files, so
    /// nothing of an earlier run is its.</summary>
    internal AgentCell SpawnInTurn<TSeed>(Core core, SpawnRight<TSeed> by, TSeed seed)
    {
        // Nobody restarts an agent without a supervisor, so its seed is not kept.
        object factory = by.Shape.Supervisor is null ? by.Factory : new SeededFactory<TSeed>(by.Factory, seed);
        AgentCell agent = Add(core, by.Name, factory, in by.Shape);
        try
        {
            agent.Instance = agent.Adopt(by.Factory(new Endowment(agent), seed));
            if (_journal is not null && agent.Instance.MakeDurable() is not null)
            {
                throw new InvalidOperationException(
                    $"{agent.Instance.GetType().Name} is a durable agent, whose past is read from the disk when it is "
                    + "spawned. No core waits for that: spawn it from outside the kernel.");
            }
        }
        catch
        {
            Forget(agent);
            throw;
        }

        return agent;
    }

    private AgentId SpawnAgent(string? name, Delegate factory, SpawnOptions? options)
    {
        ArgumentNullException.ThrowIfNull(factory);
        RequireOutside();
        ObjectDisposedException.ThrowIf(IsStopping, this);
        AgentShape shape = ShapeOf(options);
        Core core = CoreOf(options) ?? NextCore();
        AgentCell agent = Add(core, name, factory, in shape);
        try
        {
            agent.Instance = agent.Construct();
            TakePast(agent);
        }
        catch
        {
            Forget(agent);
            throw;
        }

        core.Post(agent);
        return agent.Id;
    }

    private AgentCell Add(Core core, string? name, object factory, in AgentShape shape)
    {
        IdTable<AgentCell>.Place place = Agents.Next(CoreHere);
        var agent = new AgentCell(
            this, core, new AgentId(place.Id), name, factory, shape.Supervisor, shape.Qos, shape.Capacity)
        {
            Terms = AgentTerms.Of(in shape),
            IsPinned = shape.IsPinned,
            Birth = core.NextBirth,
        };
        place.Put(agent);
        return agent;
    }

    private void Forget(AgentCell agent)
    {
        if (agent.TrySetDead())      // else a stop has ended it meanwhile
        {
            Capabilities.ReleaseHeld(agent);
            Agents.Remove(agent.Id.Value);
        }
    }

    private Core NextCore() =>
        Cores[Interlocked.Increment(ref _lastPlaced) % (uint)(Watch.Balancer?.Open ?? Cores.Length)];
}

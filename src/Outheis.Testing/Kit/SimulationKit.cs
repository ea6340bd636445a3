namespace Outheis.Testing;

/// <summary>What a test of agents needs beside a simulation: agents of its own around the one under test.</summary>
/// <remarks>Call between steps, from the test's thread. Names are for failures and traces.</remarks>
public static class SimulationKit
{
    /// <summary>Spawns an agent that writes down what it gets.</summary>
    /// <typeparam name="T">What it handles.</typeparam>
    /// <param name="simulation">Where.</param>
    /// <param name="name">Default: probe.</param>
    /// <param name="options">A small capacity, for instance.</param>
    public static Probe<T> Probe<T>(
        this Simulation simulation, string name = "probe", SpawnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(simulation);
        return new Probe<T>(simulation, name, options);
    }

    /// <summary>Spawns an agent that answers as it is told to: <c>simulation.Stub&lt;GetPrice, Price&gt;("prices")
    /// .Answers(new Price(3)).Fails(new IOException())</c>.</summary>
    /// <typeparam name="TRequest">What it is asked.</typeparam>
    /// <typeparam name="TReply">What it answers.</typeparam>
    /// <param name="simulation">Where.</param>
    /// <param name="name">Default: stub.</param>
    /// <param name="options">A core, for instance.</param>
    public static Stub<TRequest, TReply> Stub<TRequest, TReply>(
        this Simulation simulation, string name = "stub", SpawnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(simulation);
        return new Stub<TRequest, TReply>(simulation, name, options);
    }

    /// <summary>Spawns an agent that plays a script.</summary>
    /// <typeparam name="T">What it handles.</typeparam>
    /// <param name="simulation">Where.</param>
    /// <param name="name">Default: puppet.</param>
    /// <param name="options">A supervisor, for instance.</param>
    public static Puppet<T> Puppet<T>(
        this Simulation simulation, string name = "puppet", SpawnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(simulation);
        return new Puppet<T>(simulation, name, options);
    }

    /// <summary>Spawns a supervisor that tells what it hears.</summary>
    /// <param name="simulation">Where.</param>
    /// <param name="name">Default: overseer.</param>
    /// <param name="supervisor">Makes the supervisor that decides; default: one that restarts always.</param>
    /// <param name="options">Its own supervisor, for instance.</param>
    public static Overseer Overseer(
        this Simulation simulation, string name = "overseer", Func<Agent>? supervisor = null,
        SpawnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(simulation);
        return new Overseer(simulation, name, supervisor, options);
    }

    /// <summary>Sends one message as the host, waiting for room; it has to be accepted. What comes of it happens when
    /// the simulation runs.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="simulation">Where.</param>
    /// <param name="agent">To whom.</param>
    /// <param name="message">What.</param>
    /// <param name="badge">What the receiver sees as the capability's badge.</param>
    public static void Tell<T>(this Simulation simulation, AgentId agent, T message, ulong badge = 0)
    {
        ArgumentNullException.ThrowIfNull(simulation);
        simulation.Tell(simulation.Kernel.Grant<T>(agent, badge: badge), message);
    }

    /// <summary>Asks as the host, and runs the simulation until the answer is there.</summary>
    /// <typeparam name="TRequest">The request type.</typeparam>
    /// <typeparam name="TReply">The reply type.</typeparam>
    /// <param name="simulation">Where.</param>
    /// <param name="agent">Whom.</param>
    /// <param name="request">What.</param>
    /// <param name="timeout">Virtual; default 5 s.</param>
    /// <exception cref="AskException">No reply.</exception>
    public static TReply Ask<TRequest, TReply>(
        this Simulation simulation, AgentId agent, TRequest request, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(simulation);
        AskCapability<TRequest, TReply> ask = simulation.Kernel.GrantAsk<TRequest, TReply>(agent);
        TReply reply = default!;
        simulation.Run(async () => reply = await ask.AskAsync(request, timeout).ConfigureAwait(true));
        return reply;
    }

    /// <summary>Runs the simulation until an agent has ended for good.</summary>
    /// <param name="simulation">Where.</param>
    /// <param name="agent">Who.</param>
    /// <param name="within">Default: 10 s of virtual time.</param>
    public static void ExpectDead(this Simulation simulation, AgentId agent, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(simulation);
        if (!Words.RunUntil(simulation, () => simulation.Kernel.Agents.Find(agent.Value) is null, within))
        {
            AgentInfo info = simulation.Kernel.Agents.Find(agent.Value)!.Describe();
            throw Words.Failure(
                simulation, $"expected {info.Name} to end for good within {within ?? Words.Patience}.", "it is:",
                [$"{info.State}, incarnation {info.Incarnation}, {info.Queued} messages queued"]);
        }
    }

    internal static void Tell<T>(this Simulation simulation, Capability<T> to, T message)
    {
        SendResult sent = SendResult.Denied;
        simulation.Run(async () => sent = await to.SendAsync(message).ConfigureAwait(true));
        simulation.Require(sent == SendResult.Sent, Words.Expectation, $"{to} was {sent}: {Words.Of(message)}.");
    }
}

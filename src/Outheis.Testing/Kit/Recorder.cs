using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Outheis.Testing;

/// <summary>
/// An agent of the test that writes down what it gets. Its expectations run the simulation, and move virtual time when
/// nobody can do anything, until a message is there or the time is over.
/// </summary>
/// <remarks>
/// An expectation looks at the oldest message that no expectation has looked at yet. It fails with
/// <see cref="SimulationFailedException"/>: what was expected, what came instead, the newest steps, seed and step.
/// The time-out is virtual and counts waiting alone; 10 s unless told otherwise. Call from the test, not from agents.
/// </remarks>
/// <typeparam name="T">What it gets.</typeparam>
[SuppressMessage("ApiDesign", "RS0026", Justification = "the overloads of Expect differ in what they require")]
public abstract class Recorder<T>
{
    private const int Shown = 10;

    private readonly List<Received<T>> _received = [];
    private int _looked;

    private protected Recorder(Simulation simulation, string name) => (Simulation, Name) = (simulation, name);

    /// <summary>Its name in traces and failures.</summary>
    public string Name { get; }

    /// <summary>Its id. Grant it to the agent under test: <c>endowment.Grant&lt;T&gt;(probe.Agent)</c>.</summary>
    public AgentId Agent { get; private protected set; }

    /// <summary>Everything that came so far, in order, looked at or not.</summary>
    public IReadOnlyList<Received<T>> Received => _received;

    private protected Simulation Simulation { get; }

    /// <summary>The next message, whatever it is.</summary>
    /// <param name="within">Default: 10 s of virtual time.</param>
    public Received<T> Expect(TimeSpan? within = null) => Next($"a {typeof(T).Name}", within);

    /// <summary>The next message has to be this one.</summary>
    /// <param name="message">Compared with <see cref="EqualityComparer{T}.Default"/>.</param>
    /// <param name="within">Default: 10 s of virtual time.</param>
    public Received<T> Expect(T message, TimeSpan? within = null)
    {
        Received<T> next = Next(Words.Of(message), within);
        return Equal(next.Message, message) ? next : throw Wrong(Words.Of(message));
    }

    /// <summary>The next message has to match.</summary>
    /// <param name="matches">What it has to be.</param>
    /// <param name="within">Default: 10 s of virtual time.</param>
    /// <param name="what">Says it in the failure; default: the condition's own text.</param>
    public Received<T> Expect(
        Predicate<T> matches, TimeSpan? within = null, [CallerArgumentExpression(nameof(matches))] string what = "")
    {
        ArgumentNullException.ThrowIfNull(matches);
        Received<T> next = Next(what, within);
        return matches(next.Message) ? next : throw Wrong(what);
    }

    /// <summary>The next messages have to be these, in this order. Others fail it.</summary>
    /// <param name="messages">One or more.</param>
    public void ExpectInOrder(params IReadOnlyList<T> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        for (int i = 0; i < messages.Count; i++)
        {
            Expect(messages[i]);
        }
    }

    /// <summary>The next messages have to be these, in any order: from several senders nothing else is
    /// promised.</summary>
    /// <param name="messages">One or more.</param>
    public void ExpectInAnyOrder(params IReadOnlyList<T> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var missing = new List<T>(messages);
        while (missing.Count > 0)
        {
            string what = "one of " + string.Join("; ", missing.Select(Words.Of));
            Received<T> next = Next(what, within: null);
            int found = missing.FindIndex(message => Equal(message, next.Message));
            if (found < 0)
            {
                throw Wrong(what);
            }

            missing.RemoveAt(found);
        }
    }

    /// <summary>Nothing is there that no expectation has looked at, and nothing comes for a while. Moves time on to the
    /// end of it.</summary>
    /// <param name="within">Of virtual time.</param>
    public void ExpectNothing(TimeSpan within)
    {
        TimeSpan end = Simulation.Time.Now + within;
        Simulation.AdvanceTo(end);
        if (_looked < _received.Count && _received[_looked].At <= end)
        {
            throw Words.Failure(Simulation, $"{Name}: expected nothing for {within}.", "came:", Unlooked());
        }
    }

    private protected void Record(T message, AgentId sender, ulong badge)
    {
        var received = new Received<T>(
            message, sender, Words.NameOf(Simulation, sender), badge, Simulation.Time.Now, Simulation.Steps);
        _received.Add(received);
        Simulation.Trace.Add(
            Simulation.Steps, 0, "recorded by", 0, $"{Name}: {Words.Of(message)} from {received.SenderName}");
    }

    private protected static bool Equal(T left, T right) => EqualityComparer<T>.Default.Equals(left, right);

    private Received<T> Next(string what, TimeSpan? within)
    {
        if (!Words.RunUntil(Simulation, () => _looked < _received.Count, within))
        {
            throw Words.Failure(
                Simulation, $"{Name}: expected {what} within {within ?? Words.Patience}, and nothing came.",
                _looked == 0 ? "nothing came before either." : "came before, and was expected:",
                _received.TakeLast(Shown).Select(static received => received.ToString()));
        }

        return _received[_looked++];
    }

    /// <summary>The message that was just looked at is not the one wanted.</summary>
    private SimulationFailedException Wrong(string what)
    {
        _looked--;
        return Words.Failure(Simulation, $"{Name}: expected {what}.", "came instead:", Unlooked());
    }

    private IEnumerable<string> Unlooked() =>
        _received.Skip(_looked).Take(Shown).Select(static received => received.ToString());
}

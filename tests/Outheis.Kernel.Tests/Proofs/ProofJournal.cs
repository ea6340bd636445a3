using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>
/// What a journal of <see cref="ProofChild"/> says, worked out from its records alone, and checked as it is read: each
/// producer's messages are a prefix, nothing is taken or run twice, and whatever snapshots its agents wrote are what
/// the messages that they took come to.
/// </summary>
internal sealed class ProofJournal
{
    private readonly Dictionary<long, byte[]> _sent = [];
    private readonly Dictionary<long, (long Run, uint Agent)> _targets = [];
    private readonly HashSet<long> _taken = [];
    private readonly Dictionary<(long Run, uint Agent), string> _names = [];
    private readonly Dictionary<string, List<ProofTurn>> _turns = [];
    private readonly Dictionary<long, ProofTurn> _byPosition = [];
    private readonly List<(string Agent, int Turns, JournalEntry Entry)> _snapshots = [];
    private readonly Dictionary<(long Run, int Producer), int> _newest = [];
    private readonly HashSet<(int Producer, int Number)> _numbers = [];
    private readonly HashSet<long> _dead = [];
    private readonly List<ProofTurn> _undone = [];

    private ProofJournal(IEnumerable<JournalEntry> entries, bool wasFull)
    {
        foreach (JournalEntry entry in entries)
        {
            Note(entry);
            Records++;
        }

        foreach ((string agent, int turns, JournalEntry entry) in wasFull ? [] : _snapshots)
        {
            Assert.True(StateOf(agent, turns) == Read(entry), $"{agent} at {entry.Position} of run {entry.Run} after "
                + $"{turns} messages is {Read(entry)}, should be {StateOf(agent, turns)}");
        }
    }

    public int Records { get; private set; }

    public int Snapshots => _snapshots.Count;

    /// <summary>Messages that nobody took yet.</summary>
    public IReadOnlyList<string> Waiting =>
        [.. _sent.Keys.Where(position => !_taken.Contains(position) && !_dead.Contains(position)).Select(Describe)];

    /// <summary>Effects that may have run or not.</summary>
    public int InDoubt { get; private set; }

    /// <param name="directory">The journal.</param>
    /// <param name="wasFull">The disk was: what agents were told then may not be in it.</param>
    public static ProofJournal Read(string directory, bool wasFull = false)
    {
        using JournalReader reader = JournalReader.Open(directory);
        var journal = new ProofJournal(reader.Read(), wasFull);
        Assert.All(reader.Ends, static end => Assert.Equal(LaneEndKind.End, end.Kind));
        return journal;
    }

    public bool Has(int producer, int number) => _numbers.Contains((producer, number));

    /// <summary>That what an agent said its state was when the run began is what it took before.</summary>
    public void CheckBegan(long run, string agent, string state)
    {
        List<ProofTurn> turns = _turns.GetValueOrDefault(agent) ?? [];
        int before = turns.Count(turn => turn.Run < run);
        // The newest order may have been half done: then it is being finished.
        bool isRight = state == StateOf(agent, before)
            || (agent == "shop" && before > 0 && state == StateOf(agent, before - 1));
        Assert.True(isRight, $"{agent} began run {run} with {state}, should be {StateOf(agent, before)}");
    }

    /// <summary>No effect ran twice, and each one that is told to be done ran.</summary>
    public void CheckWorld(string file)
    {
        string[] keys = File.Exists(file) ? File.ReadAllLines(file) : [];
        Assert.Equal(keys.Length, keys.Distinct(StringComparer.Ordinal).Count());
        var ran = keys.ToHashSet(StringComparer.Ordinal);
        foreach (ProofTurn turn in _undone.Concat(_turns.GetValueOrDefault("shop") ?? []))
        {
            foreach ((string key, Effect<long> effect) in turn.Effects())
            {
                InDoubt += effect.Outcome == EffectOutcome.InDoubt ? 1 : 0;
                Assert.True(
                    effect.Outcome != EffectOutcome.Done || ran.Remove($"{turn.Position:x}-{key}"),
                    $"{key} of {turn.Position} is told to be done and never ran");
                ran.Remove($"{turn.Position:x}-{key}");
            }
        }

        Assert.Empty(ran);      // whatever ran was told to begin before
    }

    private void Note(JournalEntry entry)
    {
        foreach (ConsumedMessage taken in entry.Consumed)
        {
            NoteTaken(entry, taken);
        }

        switch (entry.Kind)
        {
            case JournalKind.Spawned:
                _names[(entry.Run, entry.Target.Value)] = entry.TargetName!;      // told in each lane that speaks of it
                break;
            case JournalKind.Sent:
                NoteSent(entry);
                break;
            case JournalKind.Snapshot:
                _snapshots.Add((entry.TargetName!, _turns.GetValueOrDefault(entry.TargetName!)?.Count ?? 0, entry));
                break;
            case JournalKind.DeadLetter when DeadLetterRecord.TryRead(entry.Payload.Span, out DeadLetterRecord letter):
                Assert.Equal(DeadLetterReason.KernelStopped, (DeadLetterReason)letter.Reason);
                break;
            case JournalKind.Quarantined:
                NoteQuarantined(entry.Cause);
                break;
        }

        if (entry.Cause != 0 && _byPosition.TryGetValue(entry.Cause, out ProofTurn? turn))
        {
            turn.Note(entry);
        }
    }

    // Killed so often while it was being taken, or while it was handled.
    private void NoteQuarantined(long position)
    {
        _dead.Add(position);
        if (_byPosition.TryGetValue(position, out ProofTurn? turn))
        {
            _undone.Add(turn);
            _ = _turns.Values.Any(turns => turns.Remove(turn));
        }
    }

    private void NoteSent(JournalEntry entry)
    {
        _sent.Add(entry.Position, entry.Payload.ToArray());
        _targets.Add(entry.Position, (entry.Run, entry.Target.Value));
        (int producer, int number) = MemoryMarshal.Read<(int, int)>(entry.Payload.Span);
        if (entry.Sender == AgentId.Host || entry.SenderName == "relay")
        {
            Assert.True(_numbers.Add((producer, number)), $"{number} of {producer} is there twice");
            int last = _newest.GetValueOrDefault((entry.Run, producer), ProofChild.Before(number));
            _newest[(entry.Run, producer)] = number;
            bool follows = producer == ProofChild.RelayProducer || number == last + 1;
            Assert.True(follows, $"{number} after {last} of {producer}, run {entry.Run}");
        }
    }

    private void NoteTaken(JournalEntry entry, ConsumedMessage taken)
    {
        Assert.True(_taken.Add(taken.Position), $"{taken.Position} is taken twice, at {entry.Position}");
        Assert.True(_sent.TryGetValue(taken.Position, out byte[]? message),
            $"{taken.Position} is taken at {entry.Position} and was not sent");
        string agent = _names[(entry.Run, taken.Target.Value)];
        if (agent is "first" or "second" or "shop")
        {
            var turn = new ProofTurn(taken.Position, entry.Run, message);
            _byPosition.Add(taken.Position, turn);
            CollectionsMarshal.GetValueRefOrAddDefault(_turns, agent, out _) ??= [];
            _turns[agent].Add(turn);
        }
    }

    private string Describe(long position) =>
        $"{position} of run {_targets[position].Run} for {_names.GetValueOrDefault(_targets[position])}";

    private string StateOf(string agent, int turns)
    {
        IEnumerable<ProofTurn> before = (_turns.GetValueOrDefault(agent) ?? []).Take(turns);
        return agent == "shop"
            ? before.Aggregate(Till.Empty, static (state, turn) => turn.Add(state)).ToString()
            : before.Aggregate((default(Tally), 0L), static (state, turn) => turn.Add(state)).Item1.ToString();
    }

    private static string Read(JournalEntry snapshot) => snapshot.Encoding == PayloadEncoding.Json
        ? JsonSerializer.Deserialize(snapshot.Payload.Span, ProofJson.Default.Till)!.ToString()
        : MemoryMarshal.Read<Tally>(snapshot.Payload.Span).ToString();
}

/// <summary>One message that an agent took, and what it did about it.</summary>
internal sealed class ProofTurn(long position, long run, byte[] message)
{
    private readonly List<JournalEntry> _outputs = [];

    public long Position => position;

    public long Run => run;

    public void Note(JournalEntry output)
    {
        _outputs.Add(output);
        bool isOnce = output.Kind switch
        {
            JournalKind.Sent or JournalKind.Refused =>
                _outputs.Count(static other => other.Kind is JournalKind.Sent or JournalKind.Refused) == 1,
            JournalKind.EffectBegun or JournalKind.EffectEnded =>
                _outputs.Count(other => other.Kind == output.Kind && other.Correlation == output.Correlation) == 1,
            _ => true,
        };
        Assert.True(isOnce, $"{output.Kind} at {output.Position} is the second of the message at {position}");
    }

    public (Tally, long) Add((Tally State, long Clock) before)
    {
        long clock = Observed(ObservedRecord.Clock) ?? before.Clock;      // once for several messages
        ulong random = (ulong)(Observed(ObservedRecord.Random) ?? 0);
        bool isRefused = _outputs.Exists(static output => output.Kind == JournalKind.Refused);
        return (before.State.Add(MemoryMarshal.Read<Job>(message), isRefused, clock, random), clock);
    }

    public Till Add(Till before)
    {
        Dictionary<string, Effect<long>> effects = Effects().ToDictionary();
        return before.Add(MemoryMarshal.Read<Order>(message), effects.GetValueOrDefault("charge"),
            effects.GetValueOrDefault("mail"));
    }

    /// <summary>Those that were begun.</summary>
    public IEnumerable<KeyValuePair<string, Effect<long>>> Effects()
    {
        foreach (JournalEntry begun in _outputs.Where(static output => output.Kind == JournalKind.EffectBegun))
        {
            JournalEntry? ended = _outputs.Find(output =>
                output.Kind == JournalKind.EffectEnded && output.Correlation == begun.Correlation);
            var outcome = (EffectOutcome)(ended?.Labels ?? 0);
            long value = outcome == EffectOutcome.Done ? MemoryMarshal.Read<long>(ended!.Payload.Span) : 0;
            yield return new(Encoding.UTF8.GetString(begun.Payload.Span), new(outcome, value, "", null));
        }
    }

    private long? Observed(byte what)
    {
        foreach (JournalEntry output in _outputs)
        {
            if (output.Kind == JournalKind.Observed
                && ObservedRecord.TryRead(output.Payload.Span, out ObservedRecord record) && record.What == what)
            {
                return record.Value;
            }
        }

        return null;
    }
}

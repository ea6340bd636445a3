using System.Runtime.InteropServices;

namespace Outheis.Testing;

/// <summary>
/// What a journal says that each account took and saw, and what state that makes: worked out from the records alone,
/// without the kernel's own fold.
/// </summary>
internal sealed class AccountsBook
{
    private readonly Dictionary<(long Run, uint Agent), string> _names = [];
    private readonly Dictionary<long, Transfer> _sent = [];
    private readonly Dictionary<long, (long Run, uint Agent)> _for = [];
    private readonly Dictionary<string, List<long>> _taken = [];
    private readonly Dictionary<long, List<JournalEntry>> _seen = [];      // by cause
    private readonly HashSet<long> _settled = [];                          // quarantined or buried

    /// <summary>The first thing in it that should not be.</summary>
    public string? FirstWrong { get; private set; }

    public int Turns => _taken.Values.Sum(static turns => turns.Count);

    public int Doubts { get; private set; }

    /// <summary>Messages that were accepted and neither handled nor given up. If the power took the record that tells
    /// for whom, they went with it.</summary>
    public int Waiting => _sent.Keys.Except(_taken.Values.SelectMany(static turns => turns)).Except(_settled)
        .Count(position => _names.ContainsKey(_for[position]));

    public static AccountsBook Read(SimulatedDisk disk)
    {
        var book = new AccountsBook();
        using JournalReader reader = disk.ReadJournal(Simulation.JournalDirectory);
        foreach (JournalEntry entry in reader.Read())
        {
            book.Note(entry);
        }

        return book;
    }

    /// <summary>The state that what was taken makes.</summary>
    public AccountState StateOf(string name)
    {
        AccountState state = default;
        long clock = 0;
        foreach (long position in _taken.GetValueOrDefault(name) ?? [])
        {
            state = state.After(_sent[position]);
            foreach (JournalEntry entry in _seen.GetValueOrDefault(position) ?? [])
            {
                state = After(state, entry, ref clock);
            }

            state = state with { Clock = state.Clock ^ clock };
        }

        return state;
    }

    // The clock is read once per turn, and a turn may take several messages.
    private static AccountState After(AccountState state, JournalEntry entry, ref long clock)
    {
        if (entry.Kind == JournalKind.EffectEnded)
        {
            return (EffectOutcome)entry.Labels == EffectOutcome.Done
                ? state with { Outside = state.Outside + MemoryMarshal.Read<long>(entry.Payload.Span) }
                : state with { Doubts = state.Doubts + 1 };
        }

        if (ObservedRecord.TryRead(entry.Payload.Span, out ObservedRecord seen))
        {
            clock = seen.What == ObservedRecord.Clock ? seen.Value : clock;
            return seen.What == ObservedRecord.Clock ? state : state with { Chance = state.Chance ^ (ulong)seen.Value };
        }

        return state;
    }

    private void Note(JournalEntry entry)
    {
        foreach (ConsumedMessage taken in entry.Consumed)
        {
            if (_sent.ContainsKey(taken.Position))
            {
                NoteTaken(entry, _names.GetValueOrDefault((entry.Run, taken.Target.Value), "?"), taken.Position);
            }
        }

        switch (entry.Kind)
        {
            case JournalKind.Spawned:
                _names[(entry.Run, entry.Target.Value)] = entry.TargetName ?? "";
                break;
            case JournalKind.Sent when entry.TypeName == nameof(Transfer):
                _sent[entry.Position] = MemoryMarshal.Read<Transfer>(entry.Payload.Span);
                _for[entry.Position] = (entry.Run, entry.Target.Value);
                break;
            case JournalKind.Observed or JournalKind.EffectEnded:
                NoteSeen(entry);
                break;
            case JournalKind.Attempted:
                TakeBack(entry.Cause);
                break;
            case JournalKind.Quarantined:
                TakeBack(entry.Cause);      // if a killed run had left it half done
                _settled.Add(entry.Cause);
                break;
        }
    }

    private void NoteSeen(JournalEntry entry)
    {
        if (!_seen.TryGetValue(entry.Cause, out List<JournalEntry>? seen))
        {
            _seen.Add(entry.Cause, seen = []);
        }

        seen.Add(entry);
        Doubts += entry.Kind == JournalKind.EffectEnded && (EffectOutcome)entry.Labels == EffectOutcome.InDoubt ? 1 : 0;
    }

    private void NoteTaken(JournalEntry entry, string account, long position)
    {
        if (!_taken.TryGetValue(account, out List<long>? taken))
        {
            _taken.Add(account, taken = []);
        }

        if (taken.Contains(position))
        {
            FirstWrong ??= $"{account} took {position} a second time, told at {entry.Position} of run {entry.Run}";
        }

        taken.Add(position);
    }

    // Its handler threw after it had taken it: what it saw then counts no more.
    private void TakeBack(long position)
    {
        foreach (List<long> taken in _taken.Values)
        {
            if (taken.Remove(position))
            {
                _seen.Remove(position);
            }
        }
    }
}

namespace Outheis;

/// <summary>What a ledger knows of a durable agent's timers: those that were armed as of its newest snapshot, and what
/// was armed, disarmed and taken since, in order. What a turn changed that failed is taken back.</summary>
internal sealed class LedgerTimers
{
    private readonly Table _armed = new();
    private readonly List<Change> _changes = [];

    /// <summary>What is armed now, in no order.</summary>
    public IReadOnlyCollection<LedgerTimer> Armed
    {
        get
        {
            var armed = new Table(_armed);
            _changes.ForEach(change => change.ApplyTo(armed));
            return armed.Timers;
        }
    }

    /// <summary>Every record that it may need.</summary>
    public IEnumerable<RecordPlace> Places => _armed.Timers
        .Concat(_changes.Select(static change => change.Timer).OfType<LedgerTimer>())
        .Select(static timer => timer.Place);

    /// <param name="key">Of the timer.</param>
    /// <param name="timer">Null: it was disarmed.</param>
    /// <param name="cause">The message that was handled; 0: none, it counts at once.</param>
    public void NoteArmed(string key, LedgerTimer? timer, long cause) => _changes.Add(new Change(key, timer, cause, 0));

    /// <summary>Its agent took what it said.</summary>
    /// <param name="armed">Position of the Armed record.</param>
    /// <param name="times">How often it was due.</param>
    public void NoteTaken(long armed, long times) => _changes.Add(new Change(null, null, armed, times));

    /// <summary>The handler of a message threw.</summary>
    public void NoteFailed(long message) =>
        _changes.RemoveAll(change => change.Key is not null && change.Cause != 0 && change.Cause == message);

    /// <summary>No turn can fail any more that changed something so far.</summary>
    public void Settle()
    {
        _changes.ForEach(change => change.ApplyTo(_armed));
        _changes.Clear();
    }

    public void Write(BinaryWriter to)
    {
        _armed.Write(to);
        to.Write(_changes.Count);
        _changes.ForEach(change => change.Write(to));
    }

    public void ReadAll(BinaryReader from)
    {
        _armed.ReadAll(from);
        for (int changes = from.ReadInt32(); changes > 0; changes--)
        {
            _changes.Add(Change.Read(from));
        }
    }

    /// <summary>What is armed, to be found by key and by the position of its record.</summary>
    private sealed class Table
    {
        private readonly Dictionary<string, LedgerTimer> _byKey;
        private readonly Dictionary<long, string> _keys;

        public Table() => (_byKey, _keys) = (new(StringComparer.Ordinal), []);

        public Table(Table other) => (_byKey, _keys) = (new(other._byKey, StringComparer.Ordinal), new(other._keys));

        public IReadOnlyCollection<LedgerTimer> Timers => _byKey.Values;

        public void Set(string key, LedgerTimer? timer)
        {
            if (_byKey.Remove(key, out LedgerTimer before))
            {
                _keys.Remove(before.Place.Position);
            }

            if (timer is { } armed)
            {
                (_byKey[key], _keys[armed.Place.Position]) = (armed, key);
            }
        }

        public void Take(long position, long times)
        {
            if (_keys.TryGetValue(position, out string? key))
            {
                LedgerTimer timer = _byKey[key];
                Set(key, timer.IsOnce ? null : timer with { Taken = timer.Taken + times });
            }
        }

        public void Write(BinaryWriter to)
        {
            to.Write(_byKey.Count);
            foreach ((string key, LedgerTimer timer) in _byKey)
            {
                to.Write(key);
                timer.Write(to);
            }
        }

        public void ReadAll(BinaryReader from)
        {
            for (int timers = from.ReadInt32(); timers > 0; timers--)
            {
                Set(from.ReadString(), LedgerTimer.Read(from));
            }
        }
    }

    /// <summary>One of the three: armed, disarmed (no timer), taken (no key; the cause is the Armed record).</summary>
    private readonly record struct Change(string? Key, LedgerTimer? Timer, long Cause, long Times)
    {
        public void ApplyTo(Table armed)
        {
            if (Key is null)
            {
                armed.Take(Cause, Times);
            }
            else
            {
                armed.Set(Key, Timer);
            }
        }

        public void Write(BinaryWriter to)
        {
            to.Write(Key ?? "");
            to.Write(Cause);
            to.Write(Times);
            to.Write(Timer is not null);
            Timer?.Write(to);
        }

        public static Change Read(BinaryReader from)
        {
            (string key, long cause, long times) = (from.ReadString(), from.ReadInt64(), from.ReadInt64());
            return new Change(
                key.Length == 0 ? null : key, from.ReadBoolean() ? LedgerTimer.Read(from) : null, cause, times);
        }
    }
}

/// <summary>A timer that is armed.</summary>
/// <param name="Place">Of its newest Armed record.</param>
/// <param name="Taken">How often it was due, and its agent took that, since.</param>
/// <param name="IsOnce">Then it is over.</param>
internal readonly record struct LedgerTimer(RecordPlace Place, long Taken, bool IsOnce)
{
    public void Write(BinaryWriter to)
    {
        Place.Write(to);
        to.Write(Taken);
        to.Write(IsOnce);
    }

    public static LedgerTimer Read(BinaryReader from) =>
        new(RecordPlace.Read(from), from.ReadInt64(), from.ReadBoolean());
}

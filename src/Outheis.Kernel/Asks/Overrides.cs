namespace Outheis;

/// <summary>
/// The asks of a higher class than its own that an agent has not answered: as long as there is one it runs in the
/// highest class among them (GC-08, SE-41). The agent's core only. Bounded by the asks in its channel and in its turn;
/// one that was raised as it was answered stays until its asker, who has the reply by then, says so.
/// </summary>
internal sealed class Overrides
{
    private readonly Dictionary<ulong, Qos> _asks = [];      // by correlation
    private readonly int[] _asksOf = new int[QosRules.Classes];

    /// <summary>The highest class among them; null: there is none.</summary>
    public Qos? Highest { get; private set; }

    /// <summary>The asks, by correlation.</summary>
    public IReadOnlyDictionary<ulong, Qos> Asks => _asks;

    /// <summary>An ask that came, or one whose asker was raised meanwhile.</summary>
    public void Set(ulong correlation, Qos qos)
    {
        if (_asks.TryGetValue(correlation, out Qos before))
        {
            _asksOf[(int)before]--;
        }

        _asks[correlation] = qos;
        _asksOf[(int)qos]++;
        FindHighest();
    }

    /// <summary>It is over. False: it was none of these.</summary>
    public bool Remove(ulong correlation)
    {
        if (!_asks.Remove(correlation, out Qos qos))
        {
            return false;
        }

        _asksOf[(int)qos]--;
        FindHighest();
        return true;
    }

    private void FindHighest()
    {
        int highest = Array.FindLastIndex(_asksOf, static asks => asks > 0);
        Highest = highest < 0 ? null : (Qos)highest;
    }
}

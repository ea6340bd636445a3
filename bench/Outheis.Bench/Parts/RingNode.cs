namespace Outheis.Bench.Parts;

/// <summary>
/// One agent of the ring, whatever system carries it. Agent i owns token i, if there are that many, and
/// releases it at its first event of a round, be that the start or a token from its predecessor. So token
/// i-1, i-2, ... reach agent i in exactly this order, however the starts race with the tokens. A token counts
/// its hops, so that each hop is a message of its own and no system passes one object round and round.
/// </summary>
internal sealed class RingNode
{
    private const int HopShift = 16;
    private const long Hop = 1L << HopShift;

    private readonly Round _round;
    private readonly int _index;
    private readonly int _tokens;
    private readonly long _afterLast;      // from token 0 to the one that comes after it
    private bool _open;
    private bool _started;
    private long _expected;
    private long _lapsLeft;
    private long _target;
    private long _count;
    private long _sum;
    private long _disorder;

    public RingNode(Round round, int index)
    {
        _round = round;
        _index = index;
        _tokens = round.Shape.Tokens;
        _afterLast = ((1 + round.Shape.Agents - _tokens) * Hop) + _tokens - 1;
        Rewind();
    }

    public bool Owns => _index < _tokens;

    /// <summary>The owner's start. True: send <paramref name="own"/> on.</summary>
    public bool Start(out long own)
    {
        bool release = TryRelease(out own);
        _started = true;
        if (_count == _target) Finish();
        return release;
    }

    /// <summary>
    /// To be called before <see cref="Pass"/>. True: send <paramref name="own"/> on, first.
    /// </summary>
    public bool TryRelease(out long own)
    {
        own = _index + Hop;
        if (_open) return false;
        _open = true;
        _lapsLeft = _round.Laps;
        _target = _lapsLeft * _tokens;
        return Owns;
    }

    /// <summary>Counts a token in. True: send <paramref name="next"/>; false: it has done its laps.</summary>
    public bool Pass(long token, out long next)
    {
        if (token != _expected) _disorder++;
        long id = token & (Hop - 1);
        _expected = id == 0 ? token + _afterLast : token + Hop - 1;
        _sum += id + 1;
        _count++;
        next = token + Hop;
        bool onward = id != _index || --_lapsLeft > 0;
        if (_count == _target && _started) Finish();
        return onward;
    }

    private void Finish()
    {
        (long count, long sum, long disorder) = (_count, _sum, _disorder);
        Rewind();                             // before the report: the next round may begin right after it
        _round.Report(count, sum, disorder);
    }

    private void Rewind()
    {
        _open = false;
        _started = !Owns;
        int first = (_index - 1 + _tokens) % _tokens;
        int distance = (_index - first + _round.Shape.Agents) % _round.Shape.Agents;
        _expected = first + ((distance == 0 ? _round.Shape.Agents : distance) * Hop);
        _count = _sum = _disorder = 0;
        _target = -1;
    }
}

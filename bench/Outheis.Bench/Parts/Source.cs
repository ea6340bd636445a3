namespace Outheis.Bench.Parts;

/// <summary>What one sender of a stream sends: 1, 2, ... with the sender's number in the low byte.</summary>
internal sealed class Source(Round round, int sender)
{
    private const int SenderBits = 8;

    private long _sent;

    private long Target => round.Operations / round.Shape.Tokens;

    /// <summary>The value to send next, until <see cref="Advance"/>.</summary>
    public long Current => ((_sent + 1) << SenderBits) | (uint)sender;

    /// <summary>
    /// Current has been accepted. False: it was the last one, and the source is ready for the next round.
    /// </summary>
    public bool Advance()
    {
        if (++_sent < Target) return true;
        _sent = 0;
        return false;
    }

    public static int SenderOf(long value) => (int)(value & ((1 << SenderBits) - 1));

    public static long NumberOf(long value) => value >> SenderBits;
}

/// <summary>The receiving end of a stream: each sender's numbers, in order and without a gap.</summary>
internal sealed class Sink(Round round)
{
    private readonly long[] _last = new long[round.Shape.Tokens];
    private long _count;
    private long _sum;
    private long _disorder;

    public void Receive(long value)
    {
        ref long last = ref _last[Source.SenderOf(value)];
        long number = Source.NumberOf(value);
        if (number != last + 1) _disorder++;
        last = number;
        _sum += number;
        if (++_count == round.Operations) Finish();
    }

    private void Finish()
    {
        (long count, long sum, long disorder) = (_count, _sum, _disorder);
        _count = _sum = _disorder = 0;
        Array.Clear(_last);
        round.Report(count, sum, disorder);
    }
}

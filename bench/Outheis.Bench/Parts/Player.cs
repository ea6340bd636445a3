namespace Outheis.Bench.Parts;

/// <summary>
/// One side of a ping-pong. Balls are numbered modulo 16, so that a system may keep them made in advance.
/// </summary>
internal sealed class Player(Round round, bool serves)
{
    public const int Balls = 16;

    private long _count;
    private long _sum;
    private long _disorder;

    public const long FirstBall = 0;

    /// <summary>True: hit <paramref name="reply"/> back.</summary>
    public bool Receive(long ball, out long reply)
    {
        if (ball != _count % Balls) _disorder++;
        _sum += ball;
        _count++;
        bool over = _count == round.Operations;
        reply = serves ? _count % Balls : ball;
        if (over) Finish();
        return !(over && serves);
    }

    public static long SumOfBalls(long count)
    {
        long rest = count % Balls;
        return count / Balls * (Balls * (Balls - 1) / 2) + rest * (rest - 1) / 2;
    }

    private void Finish()
    {
        (long count, long sum, long disorder) = (_count, _sum, _disorder);
        _count = _sum = _disorder = 0;
        round.Report(count, sum, disorder);
    }
}

namespace Outheis.Bench.Parts;

/// <summary>The asking end: request n, and only the answer to n will do.</summary>
internal sealed class Asker(Round round)
{
    private long _asked;
    private long _sum;
    private long _disorder;

    /// <summary>The request to send next.</summary>
    public long Request => _asked + 1;

    public static long AnswerTo(long request) => 3 * request + 1;

    /// <summary>False: that was the last one.</summary>
    public bool Accept(long answer)
    {
        if (answer != AnswerTo(++_asked)) _disorder++;
        _sum += answer;
        if (_asked < round.Operations) return true;
        (long asked, long sum, long disorder) = (_asked, _sum, _disorder);
        _asked = _sum = _disorder = 0;
        round.Report(asked, sum, disorder);
        return false;
    }
}

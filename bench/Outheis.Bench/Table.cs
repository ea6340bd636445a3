using System.Globalization;
using Outheis.Bench.Systems;

namespace Outheis.Bench;

/// <summary>
/// Results for people: a table per shape with ratios to ours, then what was promised and what came of it.
/// </summary>
internal sealed class Table(TextWriter output)
{
    private readonly List<string> _verdicts = [];
    private int _kept;

    public void Write(IReadOnlyList<Result> results)
    {
        Shape shape = results[0].Shape;
        Result? ours = results.LastOrDefault(result => result.System == AllSystems.Ours);
        Line($"");
        Line($"{shape.Name,-18}{shape.Unit,20}{"min",10}{"max",10}{"bytes/op",10}{Against(ours),22}");
        foreach (Result result in results)
        {
            string name = result.Variant == "default" ? result.System : $"{result.System} {result.Variant}";
            string ratio = ours is null ? "" : Format($"{result.Median / ours.Median:0.00}x");
            string live = shape.Kind == ShapeKind.Spawn ? Format($"   ({result.LiveBytesPerOp:0} live)") : "";
            Line($"  {name,-18}{result.Median,18:0.0}{result.Min,10:0.0}{result.Max,10:0.0}"
                + Format($"{result.BytesPerOp,10:0.0}{ratio,22}{live}"));
        }
        foreach ((Floor floor, Verdict verdict) in Floor.Judged(results))
        {
            if (verdict.Kept) _kept++;
            string word = verdict.Kept ? "kept" : "MISSED";
            _verdicts.Add(Format($"{floor.Shape,-18}{floor.Variant,-12}{floor.Promise,-26}")
                + Format($"{verdict.Measured,10}  {word}"));
        }
    }

    public void WriteVerdicts()
    {
        if (_verdicts.Count == 0) return;
        Line($"");
        Line($"{"promised",-18}{"",-12}{"",-26}{"measured",10}");
        foreach (string verdict in _verdicts) Line($"{verdict}");
        Line($"{_kept} of {_verdicts.Count} promises kept");
    }

    private static string Against(Result? ours) =>
        ours is null ? "" : $"vs {ours.System} {ours.Variant}";

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Line(FormattableString text) => output.WriteLine(Format(text));

    private void Line(string text) => output.WriteLine(text);
}

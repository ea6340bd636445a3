using System.Collections;

namespace Outheis.Testing;

/// <summary>A record of choices whose repetition ends when it becomes much longer than the run that it is to
/// shorten.</summary>
/// <param name="drawn">What to repeat.</param>
/// <param name="failed">The failure to find again.</param>
internal sealed class BoundedRecord(IReadOnlyList<int> drawn, SimulationFailedException failed) : IReadOnlyList<int>
{
    /// <summary>The promise that an overrun breaks: no other failure has it.</summary>
    public const string Overrun = "no longer than the run to shorten";

    private const int Slack = 200;

    /// <summary>Steps of all simulations of the repetition.</summary>
    public long StepsMost { get; } = (2 * failed.StepsOfRun) + Slack;

    /// <summary>Choices that the repetition draws.</summary>
    public int DrawsMost { get; } = (int)Math.Min(Choices.DrawsMost, (2L * failed.Drawn.Count) + (20 * Slack));

    public int Count => drawn.Count;

    public int this[int index] => drawn[index];

    public IEnumerator<int> GetEnumerator() => drawn.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

namespace Outheis.Coyote;

/// <summary>Two cores report dead letters while the host reads: every one is counted and kept, and a reader never sees
/// half of one (<see cref="DeadLetters"/>).</summary>
internal sealed class DeadLettersCountAll : Scenario
{
    private readonly DeadLetters _letters = new();

    public override void Run() => Together(() => Report(1), () => Report(2), () =>
    {
        IReadOnlyList<DeadLetter> newest = _letters.Newest();
        Claim(newest.All(IsWhole), "a reader saw a letter that was not written yet");
        Claim(_letters.Total >= newest.Count, "fewer are counted than kept");
    });

    public override void Check()
    {
        Claim(_letters.Total == 4, $"4 were reported, {_letters.Total} counted");
        Claim(_letters.Count(DeadLetterReason.TargetDead) == 4, "4 were reported for one reason");
        IReadOnlyList<DeadLetter> newest = _letters.Newest();
        Claim(newest.All(IsWhole) && newest.Distinct().Count() == 4, "a letter was overwritten");
    }

    private void Report(uint core)
    {
        for (uint i = 1; i <= 2; i++)
        {
            _letters.Add(
                new DeadLetter(DeadLetterReason.TargetDead, new AgentId(core), new AgentId(i), "long", core + i));
        }
    }

    private static bool IsWhole(DeadLetter letter) => letter.Sender.Value + letter.Target.Value == letter.Position
        && letter.Position > 0;
}

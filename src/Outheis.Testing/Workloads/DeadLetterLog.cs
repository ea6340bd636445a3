namespace Outheis.Testing;

/// <summary>Every dead letter of a simulated kernel. The kernel keeps the newest only, so look often.</summary>
internal sealed class DeadLetterLog(Simulation simulation)
{
    private readonly List<DeadLetter> _letters = [];

    public int Count => _letters.Count;

    /// <summary>Takes what has come since the last look.</summary>
    public void Collect()
    {
        long fresh = simulation.Kernel.DeadLetters.Total - _letters.Count;
        if (fresh == 0)
        {
            return;
        }

        IReadOnlyList<DeadLetter> newest = simulation.Kernel.DeadLetters.Newest();
        simulation.Require(fresh <= newest.Count, "workload", "it looked too late at the dead letters.");
        _letters.AddRange(newest.Skip(newest.Count - (int)fresh));
    }

    /// <summary>Dead letters of one way, so far collected.</summary>
    public int Between(AgentId sender, AgentId target) =>
        _letters.Count(letter => letter.Sender == sender && letter.Target == target);

    /// <summary>Those that were of one type.</summary>
    public int Between(AgentId sender, AgentId target, string messageType) => _letters.Count(letter =>
        letter.Sender == sender && letter.Target == target && letter.MessageType == messageType);

    /// <summary>Those of one message type, from anybody to anybody.</summary>
    public int OfType(string messageType) => _letters.Count(letter => letter.MessageType == messageType);

    public int Of(DeadLetterReason reason) => _letters.Count(letter => letter.Reason == reason);
}

namespace Outheis;

/// <summary>A program as a replay needs it. <c>outheis replay --program</c> takes the first public class of an assembly
/// that implements it and has a constructor without parameters.</summary>
public interface IReplayProgram
{
    /// <summary>How its messages are read: as in its <see cref="KernelOptions.Codecs"/>.</summary>
    MessageCodecs Codecs { get; }

    /// <summary>Agents that are not to be replayed, by name, and why; as <see cref="ReplayOptions.Leave"/>.</summary>
    IReadOnlyDictionary<string, string> Leave => new Dictionary<string, string>();

    /// <summary>Spawns its agents as it does live; as for <see cref="JournalReplay.Open"/>.</summary>
    /// <param name="kernel">Whose agents never run by themselves.</param>
    void SpawnAll(Kernel kernel);
}

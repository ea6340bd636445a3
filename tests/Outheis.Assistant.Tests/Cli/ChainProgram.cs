namespace Outheis.Assistant.Tests.Cli;

/// <summary>What wrote a <see cref="ChainJournal"/>, for the tool to load; another one where a file says so.</summary>
public sealed class ChainProgram : IReplayProgram
{
    /// <summary>A file in the working directory that makes it another program.</summary>
    public const string Changed = "changed";

    /// <summary>Is there once the tool has come so far.</summary>
    public const string Spawned = "spawned";

    public MessageCodecs Codecs { get; } =
        new MessageCodecs().Add<ChainJournal.Step>().AddRequest<ChainJournal.Step, ChainJournal.Step>();

    public void SpawnAll(Kernel kernel)
    {
        File.WriteAllText(Spawned, "");
        ChainJournal.SpawnAll(kernel, File.Exists(Changed) ? 100 : 0);
    }
}

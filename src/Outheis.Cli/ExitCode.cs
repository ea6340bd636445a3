namespace Outheis.Cli;

/// <summary>What the process says when it ends; docs/cli.md tells users.</summary>
internal static class ExitCode
{
    /// <summary>Answered, and nothing was left out.</summary>
    public const int Done = 0;

    /// <summary>The vault does not answer the question.</summary>
    public const int NothingFound = 1;

    /// <summary>A replay did something else than its journal says.</summary>
    public const int Diverged = 1;

    /// <summary>A simulation found a promise of the kernel broken.</summary>
    public const int PromiseBroken = 1;

    /// <summary>The command line, the question or the vault cannot be used.</summary>
    public const int BadInput = 2;

    /// <summary>Answered, but files were skipped or the journal had to be repaired.</summary>
    public const int DoneInPart = 3;

    /// <summary>Something broke: the disk, the journal, an agent.</summary>
    public const int Failed = 4;

    /// <summary>Ended by a signal: this and the signal's number, as shells have it.</summary>
    public const int Signal = 128;
}

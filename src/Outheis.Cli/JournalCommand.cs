using System.CommandLine;

namespace Outheis.Cli;

/// <summary>outheis journal: reads the journal.</summary>
internal static class JournalCommand
{
    public static Command Create() => new("journal", "Reads the journal.")
    {
        CatCommand.Create(), TailCommand.Create(), LsCommand.Create(), StatsCommand.Create(), VerifyCommand.Create(),
        ExportCommand.Create(), QuarantineCommand.Create(),
    };
}

using System.CommandLine;

namespace Outheis.Cli;

/// <summary>Options that several commands share.</summary>
internal static class Options
{
    public static readonly Option<string> Vault = new("--vault")
    {
        Description = "The folder of notes: Markdown and text files. Nothing is ever written into it.",
        HelpName = "DIR",
        Required = true,
    };

    public static readonly Option<string> Journal = new("--journal")
    {
        Description = "Where the journal is, with the index and the insights inside.",
        HelpName = "DIR",
        DefaultValueFactory = static _ => Path.Combine(".outheis", "journal"),
    };

    public static readonly Option<string> Out = new("--out")
    {
        Description = "The folder for saved answers.",
        HelpName = "DIR",
        DefaultValueFactory = static _ => "answers",
    };
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

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

    /// <summary>A whole number, refused in our words.</summary>
    public static int ParseNumber(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 0 ? "" : argument.Tokens[^1].Value;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            argument.AddError($"{((OptionResult)argument.Parent!).Option.Name} takes a number, not '{text}'.");
        }

        return number;
    }
}

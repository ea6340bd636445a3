using System.CommandLine;
using System.CommandLine.Parsing;
using Outheis.Cli;

var root = new RootCommand("A team of agents that answers from your notes, on the Outheis kernel.")
{
    AskCommand.Create(), AgentsCommand.Create(), JournalCommand.Create(), WhyCommand.Create(), StateCommand.Create(),
    ReplayCommand.Create(), SimulateCommand.Create(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    // Also of a word that is no command the first error says that one is missing.
    string wrong = parsed.CommandResult.Command.Subcommands.Count == 0 ? parsed.Errors[0].Message
        : parsed.UnmatchedTokens is [[not '-', ..] word, ..] ? $"There is no command '{EntryLine.Printable(word)}'."
        : "A command is missing.";
    Console.Error.WriteLine($"{wrong} '{NameOf(parsed.CommandResult)} --help' tells more.");
    return ExitCode.BadInput;
}

return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null })
    .ConfigureAwait(false);

// As it is called: 'outheis journal cat'.
static string NameOf(CommandResult command) =>
    command.Parent is CommandResult above ? $"{NameOf(above)} {command.Command.Name}" : command.Command.Name;

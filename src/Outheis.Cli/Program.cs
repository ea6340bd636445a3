using System.CommandLine;
using Outheis.Cli;

var root = new RootCommand("A team of agents that answers from your notes, on the Outheis kernel.")
{
    AskCommand.Create(), AgentsCommand.Create(), JournalCommand.Create(), WhyCommand.Create(), StateCommand.Create(),
    ReplayCommand.Create(), SimulateCommand.Create(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine($"{parsed.Errors[0].Message} 'outheis --help' tells more.");
    return ExitCode.BadInput;
}

return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null })
    .ConfigureAwait(false);

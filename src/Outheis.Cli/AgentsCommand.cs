using System.CommandLine;
using Outheis.Assistant;

namespace Outheis.Cli;

/// <summary>outheis agents: the team, who holds which capability, and why.</summary>
internal static class AgentsCommand
{
    private static readonly Option<string> VaultOption = new("--vault")
    {
        Description = "The folder of notes that the data agent would hold.",
        HelpName = "DIR",
        DefaultValueFactory = static _ => ".",
    };

    public static Command Create()
    {
        var command = new Command("agents", "Prints the team, who holds which capability, and why.")
        {
            VaultOption, Options.Journal, Options.Out,
        };
        command.SetAction((parsed, _) => Run(
            parsed.GetRequiredValue(VaultOption), parsed.GetRequiredValue(Options.Journal),
            parsed.GetRequiredValue(Options.Out)));
        return command;
    }

    private static async Task<int> Run(string vaultPath, string journal, string answers)
    {
        try
        {
            Team team = Team.Start(new TeamOptions
            {
                Terminal = new Terminal(TextReader.Null, TextWriter.Null, TextWriter.Null),
                Vault = VaultFolder.Open(vaultPath, journal, answers),
                Answers = new OutputFolder(answers),
                JournalDirectory = journal,
                IsJournaled = false,
            });
            await using (team.ConfigureAwait(false)) Print(team, Console.Out);
            return ExitCode.Done;
        }
        catch (VaultException failure)
        {
            Console.Error.WriteLine(failure.Message);
            return ExitCode.BadInput;
        }
    }

    private static void Print(Team team, TextWriter output)
    {
        IReadOnlyList<AgentInfo> agents = team.Kernel.ListAgents();
        IReadOnlyList<CapabilityInfo> capabilities = team.Kernel.ListCapabilities();
        string NameOf(AgentId id) => id.Value == 0 ? "host" : agents.First(agent => agent.Id == id).Name;

        foreach (AgentInfo agent in agents)
        {
            string place = $"#{agent.Id.Value}, {Words(agent.Qos)}, under {NameOf(agent.Supervisor)}";
            output.WriteLine($"{agent.Name} ({place})");
            PrintHeld(agent.Id, agent.Name);
        }

        output.WriteLine("host (this program, in the name of the user)");
        PrintHeld(default, "host");

        string Describe(CapabilityInfo held) =>
            $"{held.Rights.ToString().ToLowerInvariant()} {NameOf(held.Target)} {held.MessageType}";

        void PrintHeld(AgentId holder, string name)
        {
            var rows = team.Holdings.Where(held => held.Agent == name)
                .Select(static held => ($"{held.Thing}: {held.Allows}", held.Purpose))
                .Concat(capabilities.Where(held => held.Holder == holder).Select(held =>
                    (Describe(held), held.Purpose ?? "")))
                .ToArray();
            if (rows.Length == 0) output.WriteLine("    nothing");
            foreach ((string what, string why) in rows) output.WriteLine($"    {what,-44} {why}");
        }
    }

    private static string Words(Qos qos) => qos switch
    {
        Qos.UserInteractive => "user-interactive",
        Qos.UserInitiated => "user-initiated",
        _ => qos.ToString().ToLowerInvariant(),
    };
}

using System.CommandLine;
using Outheis.Assistant;

namespace Outheis.Cli;

/// <summary>outheis ask: one question, or a prompt.</summary>
internal static class AskCommand
{
    private static readonly Argument<string?> QuestionArgument = new("QUESTION")
    {
        Description = "What to answer. Without it, a prompt that reads one question a line, also when piped.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> JsonOption = new("--json")
    {
        Description = "Answer with one JSON object a line (docs/cli.md).",
    };

    private static readonly Option<string?> SaveOption = new("--save")
    {
        Description = "Save the answer under this name in the --out folder.",
        HelpName = "NAME",
    };

    public static Command Create()
    {
        var command = new Command("ask", "Answers a question from your notes, offline.")
        {
            QuestionArgument, Options.Vault, JsonOption, Options.Journal, SaveOption, Options.Out,
        };
        command.SetAction((parsed, _) => Run(parsed));
        return command;
    }

    private static Task<int> Run(ParseResult parsed)
    {
        string? question = parsed.GetValue(QuestionArgument);
        string? saveAs = parsed.GetValue(SaveOption);
        if (question is not null && Question.Refusal(question) is { } refusal) return Refuse(refusal);
        if (saveAs is not null)
        {
            if (question is null) return Refuse("--save needs a question; at the prompt, say :save NAME.");
            if (OutputFolder.Refusal(saveAs) is { } badName) return Refuse(badName);
        }

        return Converse(
            parsed.GetRequiredValue(Options.Vault), parsed.GetRequiredValue(Options.Journal),
            parsed.GetRequiredValue(Options.Out), question, saveAs, parsed.GetValue(JsonOption));
    }

    private static async Task<int> Converse(
        string vaultPath, string journal, string answers, string? question, string? saveAs, bool json)
    {
        using var interrupt = new Interrupt();
        try
        {
            VaultFolder vault = VaultFolder.Open(vaultPath, journal, answers);
            Team team = Team.Start(new TeamOptions
            {
                Terminal = SystemTerminal.Open(json, prompts: question is null),
                Vault = vault,
                Answers = new OutputFolder(answers),
                JournalDirectory = journal,
                IsConversation = question is null,
            });
            await using (team.ConfigureAwait(false))
            {
                return await Converse(team, vault.Label, question, saveAs, interrupt).ConfigureAwait(false);
            }
        }
        catch (VaultException failure)
        {
            return await Refuse(failure.Message).ConfigureAwait(false);
        }
        catch (JournalException failure)
        {
            string full = $"The disk is full: the journal {journal} could not be written. Free some space.";
            Console.Error.WriteLine(FileFailure.IsDiskFull(failure) ? full : failure.Message);
            return ExitCode.Failed;
        }
    }

    private static async Task<int> Converse(
        Team team, VaultLabel vault, string? question, string? saveAs, Interrupt interrupt)
    {
        int exitCode;
        try
        {
            if (team.Kernel.Recovery is { Repaired: true } recovery)
            {
                Console.Error.WriteLine($"The journal was damaged and has been repaired. {recovery}");
            }

            var session = new Session(team, vault, interrupt.Token);
            Task<int> work = question is null ? session.Converse() : session.AskOnce(question, saveAs);
            exitCode = await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (interrupt.ExitCode != 0)
        {
            exitCode = interrupt.ExitCode;
        }
        catch (AskException failure)
        {
            Console.Error.WriteLine($"The team broke down: {failure.Message}");
            exitCode = ExitCode.Failed;
        }

        StopReport report = await team.StopAsync().ConfigureAwait(false);
        long unjournaled = team.Kernel.ListCores().Sum(static core => core.Unjournaled);
        if (unjournaled > 0)
        {
            Console.Error.WriteLine(
                $"The disk is full: {unjournaled} records of this session are not in the journal.");
            exitCode = ExitCode.Failed;
        }

        if (report.JournalFailure is { } failed)
        {
            Console.Error.WriteLine(failed.Message);
            exitCode = ExitCode.Failed;
        }

        if (interrupt.ExitCode != 0) return interrupt.ExitCode;
        if (report.Drained) return exitCode;
        Console.Error.WriteLine($"The team did not come to rest in time: {Describe(report)}.");
        return Math.Max(exitCode, ExitCode.DoneInPart);
    }

    private static string Describe(StopReport report) => string.Join(", ",
        report.Undrained.Select(static agent => $"{agent.Name} {agent.State}, {agent.Queued} messages waiting")
            .Concat(report.StuckCores.Select(static core => $"core {core} did not end")));

    private static Task<int> Refuse(string sentence)
    {
        Console.Error.WriteLine(sentence);
        return Task.FromResult(ExitCode.BadInput);
    }
}

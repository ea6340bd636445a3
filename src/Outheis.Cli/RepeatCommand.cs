using System.Globalization;

namespace Outheis.Cli;

/// <summary>The command lines that repeat a run of a workload, as a shell takes them.</summary>
internal sealed record RepeatCommand(bool WithFaults, string? IrcFolder)
{
    private const string PlainMarks = "/._-:,+@%=";

    public string OfSeed(string workload, ulong seed) =>
        Of(workload, string.Create(CultureInfo.InvariantCulture, $"--seed {seed} --seeds 1"));

    public string OfChoices(string workload, string file) => Of(workload, $"--choices {Quoted(file)}");

    private string Of(string workload, string run)
    {
        string irc = workload == "irc" && IrcFolder is not null ? $" --irc {Quoted(IrcFolder)}" : "";
        return $"outheis simulate --workload {Quoted(workload)} {run}{irc}{(WithFaults ? "" : " --no-faults")}";
    }

    private static string Quoted(string word)
    {
        bool isWindows = OperatingSystem.IsWindows();
        bool isPlain = word.Length > 0 && word.All(letter =>
            char.IsAsciiLetterOrDigit(letter) || PlainMarks.Contains(letter) || (isWindows && letter == '\\'));
        return isPlain ? word : isWindows ? $"\"{word}\"" : "'" + word.Replace("'", @"'\''") + "'";
    }
}

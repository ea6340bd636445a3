using Outheis.Assistant;

namespace Outheis.Cli;

/// <summary>The terminal of this process: who is there to see what.</summary>
internal static class SystemTerminal
{
    public static Terminal Open(bool json, bool prompts)
    {
        bool seen = !Console.IsOutputRedirected;
        var bar = Console.IsErrorRedirected ? null : new ProgressBar("Indexing notes");
        return new Terminal(Console.In, Console.Out, Console.Error)
        {
            Style = json ? AnswerStyle.Json : Colours.IsOn ? AnswerStyle.Ansi : AnswerStyle.Plain,
            Prompt = prompts && seen && !Console.IsInputRedirected ? "? " : "",
            ShowProgress = bar is null ? null : bar.Show,
            EndProgress = bar is null ? null : bar.End,
        };
    }
}

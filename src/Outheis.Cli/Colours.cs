namespace Outheis.Cli;

/// <summary>Colours where a person sees them: on a terminal, unless NO_COLOR or a dumb terminal says no.</summary>
internal static class Colours
{
    public static bool IsOn { get; } = !Console.IsOutputRedirected
        && Environment.GetEnvironmentVariable("NO_COLOR") is null or ""
        && Environment.GetEnvironmentVariable("TERM") != "dumb";

    public static string Dim(string text) => Paint(text, "2");

    public static string Bold(string text) => Paint(text, "1");

    public static string Red(string text) => Paint(text, "31");

    public static string Cyan(string text) => Paint(text, "36");

    private static string Paint(string text, string code) => IsOn ? $"\u001b[{code}m{text}\u001b[0m" : text;
}

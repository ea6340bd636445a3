using System.Text.RegularExpressions;
using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>A core never blocks, and its way of a message has no tasks in it.</summary>
internal static partial class AsyncRules
{
    public static readonly Rule Blocking = new("blocking", static r =>
        from file in r.Sources("src")
        from found in WordRules.InLines(file, file.Code, Block(),
            "blocks a thread: await it, or make it a message; exempt what cannot block")
        select found);

    public static readonly Rule Methods = new("async", static r =>
        from file in r.Sources("src/Outheis.Kernel")
        from found in WordRules.InLines(file, file.Code, AsyncWord(),
            "the kernel's own work is synchronous: do it in a turn, or exempt what only the host awaits")
        select found);

    public static readonly Rule[] All = [Blocking, Methods];

    [GeneratedRegex(@"\.Result\b(?!\s*[({<])|(?<!\bMonitor)\.Wait(?:All|Any)?\s*\("
        + @"|\.GetAwaiter\(\)\s*\.GetResult\(")]
    private static partial Regex Block();

    [GeneratedRegex(@"\basync\b")]
    private static partial Regex AsyncWord();
}

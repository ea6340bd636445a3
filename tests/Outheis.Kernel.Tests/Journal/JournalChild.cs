using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Outheis.Tests.Journal;

/// <summary>The test program in another role: a process that writes a journal until it is killed, holds one,
/// or meets a failing disk. Chosen by an environment variable, before any test begins.</summary>
internal static class JournalChild
{
    private const string Variable = "OUTHEIS_JOURNAL_CHILD";
    private const ulong RoundNumbers = 1_000_000_000_000;

    public const int SegmentBytes = 256 << 10;

    /// <summary>The first number of a round in a lane.</summary>
    public static ulong First(int round) => (ulong)round * RoundNumbers;

    public static bool IsFirst(ulong number) => number % RoundNumbers == 0;

    /// <summary>Starts it and waits for its first line.</summary>
    public static Process Start(
        out string line, string role, string directory, int round = 0, int? retain = null)
    {
        var process = Process.Start(Describe(role, directory, round, retain, Program, []))!;
        line = process.StandardOutput.ReadLine() ?? "";
        return process;
    }

    /// <summary>Runs it under another program and returns what it says.</summary>
    public static string RunUnder(string program, string[] arguments, string role, string directory)
    {
        using var process = Process.Start(
            Describe(role, directory, 0, null, program, [.. arguments, Program]))!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text;
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "Outheis.Kernel.Tests");

    private static ProcessStartInfo Describe(
        string role, string directory, int round, int? retain, string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.Environment[Variable] =
            string.Create(CultureInfo.InvariantCulture, $"{role}|{directory}|{round}|{retain}");
        start.Environment["DOTNET_TieredPGO"] = "0";
        return start;
    }

    [ModuleInitializer]
    internal static void TakeRole()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } value)
        {
            return;
        }

        string[] parts = value.Split('|');
        int? retain = parts[3].Length == 0 ? null : int.Parse(parts[3], CultureInfo.InvariantCulture);
        JournalSettings settings = Journals.Settings(lanes: 2, SegmentBytes, retain);
        try
        {
            JournalDirectory journal = Journals.Open(SystemJournalDisk.Instance, settings, parts[1]);
            Console.WriteLine("open");
            switch (parts[0])
            {
                case "write":
                    int round = int.Parse(parts[2], CultureInfo.InvariantCulture);
                    new Thread(() => Write(journal.Lane(1), round, retain is null)).Start();
                    Write(journal.Lane(0), round, retain is null);
                    break;
                case "sync":
                    journal.Lane(0).Append(1);
                    journal.Lane(0).Sync();
                    break;
                default:
                    Console.In.ReadLine();
                    journal.Close();
                    break;
            }
        }
        catch (JournalException error)
        {
            Console.WriteLine($"{error.GetType().Name}: {error.Message}");
        }

        Environment.Exit(0);
    }

    private static void Write(JournalLane lane, int round, bool slowly)
    {
        for (ulong number = First(round); ; number++)
        {
            while (!lane.TryAppend(number, (int)(number * 13 % 150)))
            {
                Thread.Sleep(1);
            }

            if (slowly && number % 64 == 0)
            {
                Thread.SpinWait(2000);
            }
        }
    }
}

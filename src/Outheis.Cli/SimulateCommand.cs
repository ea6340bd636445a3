using System.CommandLine;
using Outheis.Testing;

namespace Outheis.Cli;

/// <summary>outheis simulate: the real kernel under seeds, with faults on purpose.</summary>
internal static class SimulateCommand
{
    private static readonly Option<ulong> SeedsOption = new("--seeds")
    {
        Description = "Seeds to run each workload under; without --minutes 200, with it as many as there is time for.",
        HelpName = "N",
    };

    private static readonly Option<double> MinutesOption = new("--minutes")
    {
        Description = "Stop after this time.",
        HelpName = "M",
    };

    private static readonly Option<ulong> FirstOption = new("--seed")
    {
        Description = "The first seed. With --seeds 1: repeat one run.",
        HelpName = "S",
        DefaultValueFactory = static _ => 1,
    };

    private static readonly Option<string[]> WorkloadOption = new("--workload")
    {
        Description = "Only this workload; may be given several times. --list names them.",
        HelpName = "NAME",
        DefaultValueFactory = static _ => [],
    };

    private static readonly Option<bool> ListOption = new("--list") { Description = "Names the workloads and ends." };

    private static readonly Option<bool> NoFaultsOption = new("--no-faults")
    {
        Description = "Nothing goes wrong on purpose: no crashes, slow handlers, failing disks, clock jumps.",
    };

    private static readonly Option<bool> TraceOption = new("--trace")
    {
        Description = "With a failure, also the steps before it.",
    };

    private static readonly Option<string?> IrcOption = new("--irc")
    {
        Description = "A folder of chat logs: adds a workload in which each nick is an agent.",
        HelpName = "DIR",
    };

    private static readonly Option<string?> SaveOption = new("--save")
    {
        Description = "A folder for the choices of shortened runs; a failure prints the command that repeats them.",
        HelpName = "DIR",
    };

    private static readonly Option<string?> ChoicesOption = new("--choices")
    {
        Description = "Repeat the run whose choices --save has put into this file, of one --workload.",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command("simulate", "Runs the kernel on simulated cores under many seeds, with faults.")
        {
            SeedsOption, MinutesOption, FirstOption, WorkloadOption, ListOption, NoFaultsOption, TraceOption, IrcOption,
            SaveOption, ChoicesOption,
        };
        command.SetAction((parsed, _) => Task.FromResult(Run(parsed)));
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        List<Workload> workloads = [.. BuiltInWorkloads.All];
        if (parsed.GetValue(IrcOption) is { } folder)
        {
            if (!Directory.Exists(folder))
            {
                return Refuse($"There is no folder {folder} of chat logs.");
            }

            try
            {
                workloads.Add(BuiltInWorkloads.Irc(folder));
            }
            catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
            {
                return Refuse(unusable.Message);
            }
        }

        if (parsed.GetValue(ListOption))
        {
            workloads.ForEach(static workload => Console.WriteLine($"{workload.Name,-12} {workload.Promise}"));
            return ExitCode.Done;
        }

        string[] wanted = parsed.GetRequiredValue(WorkloadOption);
        if (Array.Find(wanted, name => !workloads.Exists(one => one.Name == name)) is { } unknown)
        {
            return Refuse($"There is no workload '{unknown}'. 'outheis simulate --list' names them.");
        }

        if (parsed.GetValue(ChoicesOption) is { } file)
        {
            return wanted.Length == 1
                ? Repeat(parsed, workloads.Find(one => one.Name == wanted[0])!, file)
                : Refuse("--choices needs one --workload, that of the run.");
        }

        return RunSeeds(parsed, [.. workloads.Where(one => wanted.Length == 0 || wanted.Contains(one.Name))]);
    }

    private static int RunSeeds(ParseResult parsed, IReadOnlyList<Workload> workloads)
    {
        double minutes = parsed.GetValue(MinutesOption);
        bool isTimed = parsed.GetResult(MinutesOption) is not null;
        bool isCounted = parsed.GetResult(SeedsOption) is not null;
        if (isTimed && (minutes <= 0 || minutes > TimeSpan.MaxValue.TotalMinutes / 2) || double.IsNaN(minutes))
        {
            return Refuse("--minutes needs a number above 0.");
        }

        ulong seeds = isCounted ? parsed.GetValue(SeedsOption) : isTimed ? ulong.MaxValue : 200;
        if (seeds == 0)
        {
            return Refuse("--seeds needs a number above 0.");
        }

        string? saveFolder = parsed.GetValue(SaveOption);
        if (saveFolder is not null && !Directory.Exists(saveFolder))
        {
            return Refuse($"There is no folder {saveFolder} to save choices in.");
        }

        using var interrupt = new Interrupt();
        var run = new SimulateRun(
            workloads, parsed.GetRequiredValue(FirstOption), seeds,
            isTimed ? TimeSpan.FromMinutes(minutes) : Timeout.InfiniteTimeSpan,
            new RepeatCommand(!parsed.GetValue(NoFaultsOption), parsed.GetValue(IrcOption)), saveFolder,
            interrupt.Token);
        run.Run();
        run.Report(Console.Out, parsed.GetValue(TraceOption));
        return run.HasFailures ? ExitCode.PromiseBroken : interrupt.ExitCode;
    }

    private static int Repeat(ParseResult parsed, Workload workload, string file)
    {
        IReadOnlyList<int>? choices;
        try
        {
            choices = ChoicesFile.Read(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Refuse($"The choices cannot be read: {failure.Message}");
        }

        if (choices is null)
        {
            return Refuse($"In {file} is something that is no choice: --save writes numbers and nothing else.");
        }

        WorkloadResult result = WorkloadRunner.Repeat(workload, choices, !parsed.GetValue(NoFaultsOption));
        if (result.Failure is not { } broken)
        {
            Console.WriteLine($"{workload.Name}: every promise held.");
            return ExitCode.Done;
        }

        Console.WriteLine($"{workload.Name}: {broken.Message}");
        SimulateRun.Print(Console.Out, broken.Trace, parsed.GetValue(TraceOption));
        return ExitCode.PromiseBroken;
    }

    private static int Refuse(string sentence)
    {
        Console.Error.WriteLine(sentence);
        return ExitCode.BadInput;
    }
}

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
        Description = "Nothing goes wrong on purpose: no crashes, stuck handlers, failing disks, clock jumps.",
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

    public static Command Create()
    {
        var command = new Command("simulate", "Runs the kernel on simulated cores under many seeds, with faults.")
        {
            SeedsOption, MinutesOption, FirstOption, WorkloadOption, ListOption, NoFaultsOption, TraceOption, IrcOption,
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

            workloads.Add(BuiltInWorkloads.Irc(folder));
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

        using var interrupt = new Interrupt();
        var run = new SimulateRun(
            [.. workloads.Where(one => wanted.Length == 0 || wanted.Contains(one.Name))],
            parsed.GetRequiredValue(FirstOption), seeds,
            isTimed ? TimeSpan.FromMinutes(minutes) : Timeout.InfiniteTimeSpan,
            !parsed.GetValue(NoFaultsOption), interrupt.Token);
        run.Run();
        run.Report(Console.Out, parsed.GetValue(TraceOption));
        return run.HasFailures ? ExitCode.PromiseBroken : interrupt.ExitCode;
    }

    private static int Refuse(string sentence)
    {
        Console.Error.WriteLine(sentence);
        return ExitCode.BadInput;
    }
}

using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Outheis.Cli;

/// <summary>outheis journal verify: whether every record is as it was written.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var command = new Command("verify", "Checks every record of the journal by its checksum.") { Options.Journal };
        command.SetAction((parsed, _) => JournalRun.Of(
            token => Run(parsed.GetRequiredValue(Options.Journal), token)));
        return command;
    }

    private static async Task<int> Run(string directory, CancellationToken token)
    {
        var clock = Stopwatch.StartNew();
        JournalVerification found;
        var progress = new SlowProgress("Verifying");
        await using (progress.ConfigureAwait(false))
        {
            found = JournalVerifier.Verify(directory, progress.Show, cancellationToken: token);
        }

        using StreamWriter output = OutputStream.OpenText();
        Report(output, found, Math.Max(clock.Elapsed.TotalSeconds, 0.000001));
        output.Flush();
        return found.IsWhole ? ExitCode.Done : ExitCode.DoneInPart;
    }

    private static void Report(StreamWriter output, JournalVerification found, double seconds)
    {
        foreach (JournalFault fault in found.Faults)
        {
            string beyond = fault.RecordsBeyond == 0 ? ""
                : $"; whole records behind it: {Numbers.Count(fault.RecordsBeyond)}";
            output.WriteLine(Colours.Red($"{fault.File} {Place.Of(fault.Position)}: {fault.Reason}{beyond}."));
        }

        foreach (string file in found.SetAside) output.WriteLine($"{file}: set aside by an earlier recovery.");
        string verdict = found.IsWhole ? "whole" : $"{found.Faults.Count} faults";
        string speed = string.Create(
            CultureInfo.InvariantCulture, $"{seconds:F2} s, {found.Bytes / seconds / (1 << 30):F2} GiB/s");
        output.WriteLine($"{Numbers.Count(found.Records)} records in {found.Segments} segments, "
            + $"{Numbers.Bytes(found.Bytes)}, {speed}: {verdict}.");
    }
}

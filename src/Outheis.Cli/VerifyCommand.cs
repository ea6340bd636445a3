using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Outheis.Signing;

namespace Outheis.Cli;

/// <summary>outheis journal verify: whether every record is as it was written, and every sealed segment as it was
/// sealed.</summary>
internal static class VerifyCommand
{
    private static readonly Option<string?> KeyOption = new("--key")
    {
        Description = "Checks the signatures of seals, too: a file with the public Ed25519 key in PEM.",
        HelpName = "FILE",
    };

    private static readonly Option<string[]> ExpectOption = new("--expect")
    {
        Description = "A hash that an earlier 'verify' printed: the segment is still there, and nothing up to it was "
            + "changed. May be repeated.",
        HelpName = "HASH",
        DefaultValueFactory = static _ => [],
    };

    public static Command Create()
    {
        const string description = "Checks every record by its checksum, and every sealed segment by its seal.";
        var command = new Command("verify", description) { Options.Journal, KeyOption, ExpectOption };
        command.SetAction((parsed, _) => JournalRun.Of(token => Run(parsed, token)));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken token)
    {
        string directory = parsed.GetRequiredValue(Options.Journal);
        Ed25519SealKey? key = SealReport.LoadKey(parsed.GetValue(KeyOption));
        IReadOnlyList<string> expected = SealReport.RequireHashes(parsed.GetValue(ExpectOption) ?? []);
        var clock = Stopwatch.StartNew();
        JournalVerification found;
        var progress = new SlowProgress("Verifying");
        await using (progress.ConfigureAwait(false))
        {
            found = JournalVerifier.Verify(directory, progress.Show, cancellationToken: token);
        }

        double seconds = Math.Max(clock.Elapsed.TotalSeconds, 0.000001);
        SealReport seals;
        var sealProgress = new SlowProgress("Checking seals");
        await using (sealProgress.ConfigureAwait(false))
        {
            seals = new SealReport(
                directory, SealVerifier.Verify(directory, key, sealProgress.Show, token), key, expected);
        }

        using StreamWriter output = OutputStream.OpenText();
        Report(output, found, seals, seconds);
        output.Flush();
        return found.IsWhole && seals.Faults == 0 ? ExitCode.Done : ExitCode.DoneInPart;
    }

    private static void Report(StreamWriter output, JournalVerification found, SealReport seals, double seconds)
    {
        foreach (JournalFault fault in found.Faults)
        {
            string beyond = fault.RecordsBeyond == 0 ? ""
                : $"; whole records behind it: {Numbers.Count(fault.RecordsBeyond)}";
            output.WriteLine(Colours.Red($"{fault.File} {Place.Of(fault.Position)}: {fault.Reason}{beyond}."));
        }

        foreach (string file in found.SetAside) output.WriteLine($"{file}: set aside by an earlier recovery.");
        seals.Print(output);
        int faults = found.Faults.Count + seals.Faults;
        string verdict = faults == 0 ? "whole" : faults == 1 ? "1 fault" : $"{faults} faults";
        string speed = string.Create(
            CultureInfo.InvariantCulture, $"{seconds:F2} s, {found.Bytes / seconds / (1 << 30):F2} GiB/s");
        output.WriteLine($"{Numbers.Count(found.Records)} records in {found.Segments} segments, "
            + $"{Numbers.Bytes(found.Bytes)}, {speed}: {verdict}; {seals.Verdict}.");
    }
}

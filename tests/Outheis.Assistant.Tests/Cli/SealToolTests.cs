using System.Text.RegularExpressions;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>outheis journal verify on seals, and the reading commands with an archive, as a person runs them.</summary>
public sealed partial class SealToolTests(SealedJournal sealedJournal) : IClassFixture<SealedJournal>
{
    private static string Segment(long sequence) => $"lane-00{Path.DirectorySeparatorChar}{sequence:D12}.seg";

    [Fact]
    public async Task Verify_JournalAndArchive_TellHowFarTheyAreSealedAndTheKey()
    {
        LaneSeals seals = Assert.Single(SealVerifier.Verify(sealedJournal.Journal));
        Assert.True(seals.First > 0);
        Ended ended = await Verify("journal", "--key", "public.pem");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.Equal([$"Lane 0: sealed from segment {seals.First} up to segment {seals.Last}, hash {seals.LastHash}.",
            $"The key is {sealedJournal.Fingerprint}."], ended.Output.Split('\n')[..2]);
        Assert.EndsWith(
            $": whole; {seals.Sealed} segments sealed and signed.\n", ended.Output, StringComparison.Ordinal);
        LaneSeals archived = Assert.Single(SealVerifier.Verify(sealedJournal.Archive));
        ended = await Verify("archive");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.StartsWith($"Lane 0: sealed up to segment {archived.Last}, hash {archived.LastHash}.\n", ended.Output,
            StringComparison.Ordinal);
        Assert.EndsWith($": whole; {archived.Sealed} segments sealed.\n", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", ended.Output, StringComparison.Ordinal);      // plain, as it is piped
    }

    [Fact]
    public async Task Verify_ExpectsAHash_ThatWasKeptOrOneThatIsGone()
    {
        LaneSeals archived = Assert.Single(SealVerifier.Verify(sealedJournal.Archive));
        string kept = archived.Hashes[^2].ToUpperInvariant();
        Ended ended = await Verify("archive", "--expect", kept, "--expect", archived.LastHash);
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        string copy = sealedJournal.Copy("shorter");
        File.Delete(Path.Combine(copy, Segment(archived.Last)));
        File.Delete(Path.Combine(copy, Segment(archived.Last - 1)));
        Assert.Equal(0, (await Verify(copy)).ExitCode);      // nothing in it tells
        ended = await Verify(copy, "--expect", kept);
        Assert.Equal(3, ended.ExitCode);
        Assert.Contains($"No sealed segment has the hash {kept} any more: it was changed, removed, or given up.\n",
            ended.Output, StringComparison.Ordinal);
        Assert.Contains(": 1 fault; ", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_SealedSegmentChangedSwappedOrRemoved_IsNamed()
    {
        string copy = sealedJournal.Copy("changed");
        string second = Path.Combine(copy, Segment(2));
        byte[] bytes = File.ReadAllBytes(second);
        bytes[^1] ^= 1;      // behind the last record, where no checksum looks
        File.WriteAllBytes(second, bytes);
        await IsNamed(copy, $"{Segment(2)}: its content is not what was sealed.", "up to segment 1");

        copy = sealedJournal.Copy("swapped");
        File.Move(Path.Combine(copy, Segment(2)), Path.Combine(copy, "aside"));
        File.Move(Path.Combine(copy, Segment(3)), Path.Combine(copy, Segment(2)));
        File.Move(Path.Combine(copy, "aside"), Path.Combine(copy, Segment(3)));
        await IsNamed(copy, $"{Segment(2)}: ", "up to segment 1");

        copy = sealedJournal.Copy("removed");
        File.Delete(Path.Combine(copy, Segment(2)));
        await IsNamed(copy, $"{Segment(3)}: segment 2 before it is missing.", "up to segment 1");
    }

    private async Task IsNamed(string copy, params string[] words)
    {
        Ended ended = await Verify(copy, "--key", "public.pem");
        Assert.Equal((3, ""), (ended.ExitCode, ended.Error));
        Assert.All(words, word => Assert.Contains(word, ended.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Verify_AnotherKey_OrNoSeals_IsNoSuccess()
    {
        Ended ended = await Verify("archive", "--key", "other.pem");
        Assert.Equal(3, ended.ExitCode);
        Assert.Contains(
            $"{Segment(0)}: the signature of its seal is not good.", ended.Output, StringComparison.Ordinal);
        ended = await Verify("plain");
        Assert.Equal(0, ended.ExitCode);
        Assert.EndsWith(": whole; nothing is sealed.\n", ended.Output, StringComparison.Ordinal);
        ended = await Verify("plain", "--key", "public.pem");
        Assert.Equal(3, ended.ExitCode);
        Assert.StartsWith("No segment is sealed, so there is no signature to check.\n", ended.Output,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("journal/lock holds no Ed25519 key in PEM. --key takes the file that Ed25519SealKey.Save wrote.",
        "journal", "verify", "--key", "journal/lock")]
    [InlineData("The key nothing.pem cannot be read: ", "journal", "verify", "--key", "nothing.pem")]
    [InlineData("--expect takes the 64 hexadecimal digits that 'outheis journal verify' printed, not '12ab'.",
        "journal", "verify", "--expect", "12ab")]
    [InlineData("nowhere is no folder. --archive takes the one that the kernel was given.",
        "journal", "cat", "--archive", "nowhere")]
    [InlineData("nowhere is no folder. --archive takes the one that the kernel was given.",
        "why", "0/4096", "--archive", "nowhere")]
    public async Task BadInput_IsRefusedInOneSentence(string sentence, params string[] arguments)
    {
        Ended ended = await Run([.. arguments, "--journal", "journal"]);
        Assert.Equal((2, ""), (ended.ExitCode, ended.Output));
        Assert.StartsWith(sentence, ended.Error, StringComparison.Ordinal);
        Assert.Single(ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Reading_WithTheArchive_HasWhatTheJournalGaveUp()
    {
        Assert.True(await Count("cat", "--type", "Parcel") < SealedJournal.Parcels);
        Assert.Equal(SealedJournal.Parcels, await Count("cat", "--type", "Parcel", "--archive", "archive"));
        Assert.Equal(
            SealedJournal.Parcels, await Count("tail", "-n", "1000000", "--type", "Parcel", "--archive", "archive"));
        Assert.Equal(
            SealedJournal.Parcels, await Count("export", "--jsonl", "--type", "Parcel", "--archive", "archive"));
        string stats = (await Done("journal", "stats", "--journal", "journal", "--archive", "archive")).Output;
        Assert.Matches(@"(?m)^sink +1,?200 ", stats);
    }

    [Fact]
    public async Task Why_AndState_LookIntoTheArchive()
    {
        string first = (await Done("journal", "cat", "--type", "Parcel", "--journal", "archive")).Output.Split(' ')[2];
        Assert.Equal(2, (await Run("why", first, "--journal", "journal")).ExitCode);
        string why = (await Done("why", first, "--journal", "journal", "--archive", "archive")).Output;
        Assert.StartsWith("> ", why, StringComparison.Ordinal);
        Assert.Contains(" host sends sink Parcel ", why, StringComparison.Ordinal);
        string state = (await Done("state", "sink", "--journal", "journal", "--archive", "archive")).Output;
        Assert.StartsWith("{\"Parcels\":", state, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ls_TellsWhatIsSealedAndWhatIsArchived()
    {
        string[] here = (await Done("journal", "ls", "--journal", "journal")).Output.Split('\n');
        Assert.DoesNotContain(here, static line => line.Contains("archived", StringComparison.Ordinal));
        Assert.Contains(here, static line => line.EndsWith(", sealed", StringComparison.Ordinal));
        string both = (await Done("journal", "ls", "--journal", "journal", "--archive", "archive")).Output;
        Assert.Matches(new Regex(@$"(?m)^  {Regex.Escape(Segment(0))}.*, sealed, archived$"), both);
    }

    private async Task<int> Count(params string[] arguments) => (await Done(
        ["journal", .. arguments, "--journal", "journal"])).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Count(static line => Sending().IsMatch(line));

    private async Task<Ended> Done(params string[] arguments)
    {
        Ended ended = await Run(arguments);
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        return ended;
    }

    private Task<Ended> Verify(string directory, params string[] arguments) =>
        Run(["journal", "verify", "--journal", directory, .. arguments]);

    private Task<Ended> Run(params string[] arguments) => OutheisProcess.Run(sealedJournal.Folder, arguments);

    [GeneratedRegex("sends sink Parcel|\"kind\":\"sent\"")]
    private static partial Regex Sending();
}

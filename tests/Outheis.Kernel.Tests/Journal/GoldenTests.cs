using System.Globalization;
using System.IO.Compression;
using System.Text;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>Journals of format 1 that are kept: they read as they always did. OUTHEIS_GOLDEN=1 writes the newest anew,
/// see the README beside them.</summary>
public sealed class GoldenTests : IDisposable
{
    private const string First = "format-1", Second = "format-1b", Newest = "format-1c";

    private readonly string _root = Directory.CreateTempSubdirectory("outheis-golden-").FullName;

    private static string Kept() => Sources.Folder("Journal", "Golden");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory, InlineData(First), InlineData(Second), InlineData(Newest)]
    public void Golden_FormatOne_ReadsAsItAlwaysDid(string name)
    {
        if (name == Newest && Environment.GetEnvironmentVariable("OUTHEIS_GOLDEN") == "1")
        {
            WriteAnew();
        }

        Extract(name);
        string[] expected = File.ReadAllLines(Path.Combine(Kept(), name + ".txt"));
        string[] found = [.. Tell(_root)];
        Assert.Equal(expected, found);
        Assert.True(JournalVerifier.Verify(_root).IsWhole);
    }

    [Fact]
    public void Golden_HoldsEveryKindOfRecord()
    {
        Extract(Newest);
        using JournalReader reader = JournalReader.Open(_root);
        HashSet<JournalKind> found = [.. reader.Read().Select(static entry => entry.Kind)];
        Assert.Empty(Enum.GetValues<JournalKind>().Except([JournalKind.None]).Except(found));
    }

    /// <summary>It can still be gone on with, and its past be folded.</summary>
    [Theory, InlineData(First), InlineData(Second), InlineData(Newest)]
    public void Golden_IsOpenedByTheNextRun(string name)
    {
        Extract(name);
        using (Journals.Open(SystemJournalDisk.Instance, Journals.Settings(lanes: 2), _root))
        {
        }

        using LedgerReader past = LedgerReader.Open(SystemJournalDisk.Instance, _root, archive: null);
        past.CatchUp();
        Assert.Empty(past.Quarantine());
        Assert.Empty(past.Find("buyer")!.Waiting);
        LedgerMessage left = Assert.Single(past.Find("shop")!.Waiting);
        Assert.Equal(5, BitConverter.ToInt64(left.Entry.Payload.Span));
    }

    private void Extract(string name) => ZipFile.ExtractToDirectory(Path.Combine(Kept(), name + ".zip"), _root);

    private static IEnumerable<string> Tell(string directory)
    {
        using JournalReader reader = JournalReader.Open(directory);
        foreach (JournalEntry entry in reader.Read())
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{entry.Position:x} run {entry.Run} {entry.Time:O} {entry.Kind} {entry.Qos} ")
                + string.Create(CultureInfo.InvariantCulture,
                $"{entry.Sender.Value}={entry.SenderName} {entry.Target.Value}={entry.TargetName} ")
                + string.Create(CultureInfo.InvariantCulture,
                $"type {entry.TypeId}={entry.TypeFullName} v{entry.TypeVersion} {entry.Encoding} badge {entry.Badge} ")
                + string.Create(CultureInfo.InvariantCulture,
                $"cause {entry.Cause:x} capability {entry.Capability} chain {entry.Chain} ask {entry.Correlation} ")
                + string.Create(CultureInfo.InvariantCulture, $"labels {entry.Labels} failed {entry.IsFailure} ")
                + $"took [{string.Join(' ', entry.Consumed.Select(static taken => $"{taken.Position:x}"))}] "
                + (entry.Kind == JournalKind.Opened ? ""      // of that process
                    : $"{entry.PayloadText} {Convert.ToHexString(entry.Payload.Span)} {entry.Detail}");
        }
    }

    private static void WriteAnew()
    {
        Directory.CreateDirectory(Kept());
        SimulatedDisk disk = GoldenJournal.Write();
        string archive = Path.Combine(Kept(), Newest + ".zip");
        File.Delete(archive);
        using (ZipArchive zip = ZipFile.Open(archive, ZipArchiveMode.Create))
        {
            foreach (string file in disk.Files.Where(static file =>
                file.EndsWith(".seg", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                ZipArchiveEntry entry = zip.CreateEntry(
                    file[(Journals.Path.Length + 1)..], CompressionLevel.SmallestSize);
                entry.LastWriteTime = new DateTimeOffset(2026, 5, 17, 12, 0, 0, TimeSpan.Zero);
                using Stream to = entry.Open();
                to.Write(disk.Bytes(file));
            }
        }

        string scratch = Directory.CreateTempSubdirectory("outheis-golden-").FullName;
        ZipFile.ExtractToDirectory(archive, scratch);
        File.WriteAllLines(Path.Combine(Kept(), Newest + ".txt"), Tell(scratch), new UTF8Encoding(false));
        Directory.Delete(scratch, recursive: true);
    }
}

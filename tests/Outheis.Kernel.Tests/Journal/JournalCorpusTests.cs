using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>What a fuzzer once came up with is read without harm for ever. See docs/testing.md on how to go on with
/// it.</summary>
public sealed class JournalCorpusTests
{
    private const string SealedSeed = "seed-sealed";

    private static string Corpus() => Sources.Folder("Journal", "Corpus");

    [Fact]
    public void Corpus_EveryFile_IsReadVerifiedAndFolded()
    {
        string[] files = Directory.GetFiles(Corpus());
        Assert.True(files.Length > 20);
        foreach (string file in files)
        {
            try
            {
                Assert.NotEmpty(FuzzedSegment.Read(File.ReadAllBytes(file)));
            }
            catch (Exception bug) when (bug is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"{Path.GetFileName(file)}: {bug}");
            }
        }
    }

    /// <summary>A fuzzer goes on from what is there: a kind that is not, it hardly ever comes upon. OUTHEIS_CORPUS=1
    /// writes the seeds anew; first tell <see cref="GoldenJournal"/> of the kind.</summary>
    [Fact]
    public void Corpus_HoldsEveryKindOfRecordAndASealThatIsGood()
    {
        if (Environment.GetEnvironmentVariable("OUTHEIS_CORPUS") == "1")
        {
            WriteSeeds();
        }

        byte[][] files = [.. Directory.GetFiles(Corpus()).Select(File.ReadAllBytes)];
        IEnumerable<JournalKind> found = files.SelectMany(static file => FuzzedSegment.KindsIn(file));
        Assert.Empty(Enum.GetValues<JournalKind>().Except([JournalKind.None]).Except(found));
        string[] told = [.. files.Select(static file => FuzzedSegment.Read(file))];
        Assert.Contains(told, static words => words.EndsWith("whole, 1 sealed , 1 signed ", StringComparison.Ordinal));
    }

    /// <summary>Bytes that are not what was sealed: the seal's checksum is right; then its hash is
    /// made right, too.</summary>
    [Fact]
    public void Fuzzed_SealOfAnotherContent_IsToldAndOneMadeRightIsNot()
    {
        byte[] seed = File.ReadAllBytes(Path.Combine(Corpus(), SealedSeed));
        Assert.EndsWith("1 sealed , 1 signed ", FuzzedSegment.Read(seed), StringComparison.Ordinal);
        seed[^100] ^= 1;      // of the last payload
        Assert.Contains("its content is not what was sealed", FuzzedSegment.Read(seed), StringComparison.Ordinal);
        seed[0] |= 1;
        Assert.EndsWith("whole, 1 sealed , 1 signed ", FuzzedSegment.Read(seed), StringComparison.Ordinal);
    }

    private static void WriteSeeds()
    {
        SimulatedDisk golden = GoldenJournal.Write();
        Write("seed-golden-0", golden, lane: 0, isOwn: true);
        Write("seed-golden-0-summed", golden, lane: 0, isOwn: false);
        Write("seed-golden-1-summed", golden, lane: 1, isOwn: false);
        var disk = new SimulatedDisk();
        using (JournalDirectory journal = Journals.Open(
            disk, Journals.Settings() with { Seal = true, Signer = new SeedSigner() }))
        {
            journal.Lane(0).Append(1, 40);
            while (journal.Describe().Lanes[0].Newest == 0)
            {
                journal.Lane(0).Append(2, 31_000);
            }

            Assert.True(SpinWait.SpinUntil(
                () => journal.Describe().Lanes[0].SealedTo == 1, TimeSpan.FromSeconds(30)), "never sealed");
        }

        Write(SealedSeed, disk, lane: 0, isOwn: true);
    }

    private static void Write(string name, SimulatedDisk disk, int lane, bool isOwn) => File.WriteAllBytes(
        Path.Combine(Corpus(), name), FuzzedSegment.Describe(disk.Bytes(Journals.Segment(0, lane)), isOwn));

    private sealed class SeedSigner : ISealSigner
    {
        public ReadOnlySpan<byte> KeyId => "seed"u8;

        public int Sign(ReadOnlySpan<byte> hash, Span<byte> signature)
        {
            hash.CopyTo(signature);
            return hash.Length;
        }
    }

    /// <summary>Rounded up to where the next record begins, such a length is negative, and a recovery that believed it
    /// would read behind the mapped file.</summary>
    [Fact]
    public void Length_NearTheGreatest_IsNoRecord()
    {
        var disk = new SimulatedDisk();
        using (JournalDirectory journal = Journals.Open(disk))
        {
            journal.Lane(0).Append(1);
        }

        JournalEntry sent = Journals.ReadAll(disk, out _).Single(static entry => entry.Kind == JournalKind.Sent);
        foreach (int length in Enumerable.Range(0, 40).Select(static less => int.MaxValue - less))
        {
            byte[] before = disk.Bytes(Journals.Segment(0)).ToArray();
            BitConverter.TryWriteBytes(disk.Bytes(Journals.Segment(0))[(int)sent.Position..], length);
            Journals.Header(disk, Journals.Segment(0)).Closed = 0;
            Assert.DoesNotContain(Journals.ReadAll(disk, out _), static entry => entry.Kind == JournalKind.Sent);
            var copy = SimulatedDisk.From(disk.Snapshot());
            copy.Reboot();
            Journals.Open(copy).Dispose();
            before.CopyTo(disk.Bytes(Journals.Segment(0)));
        }
    }
}

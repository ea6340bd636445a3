using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>What a fuzzer once came up with is read without harm for ever. See docs/testing.md on how to go on with
/// it.</summary>
public sealed class JournalCorpusTests
{
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

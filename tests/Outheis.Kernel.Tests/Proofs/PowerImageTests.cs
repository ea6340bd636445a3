using System.Globalization;
using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>Two lanes whose records cause one another, and what a loss of power makes of them: any of the pages not yet
/// synced is there or not, sectors of 512 bytes are torn. Recovery keeps a prefix of each lane that names nothing that
/// is lost, and everything that was flushed. One lane, longer: the tests of Outheis.Testing.</summary>
public sealed class PowerImageTests
{
    private const int ImagesOfOneRun = 25;

    // Fifteen seconds' worth; OUTHEIS_IMAGES=100000 looks for longer.
    private static readonly int Images = int.TryParse(Environment.GetEnvironmentVariable("OUTHEIS_IMAGES"),
        NumberStyles.None, CultureInfo.InvariantCulture, out int images) ? images : 10_000;

    [Fact]
    public void PowerCut_TwoLanesThatCauseEachOther_KeepsPrefixesThatNameNothingLost()
    {
        int kept = 0, cut = 0;
        for (int seed = 0; seed < Images / ImagesOfOneRun; seed++)
        {
            (int all, int left) = Run((ulong)seed);
            (kept, cut) = (kept + left, cut + all - left);
        }

        Assert.True(kept > Images && cut > Images, $"{kept} kept, {cut} cut off");
    }

    private static (int All, int Left) Run(ulong seed)
    {
        var choices = new Choices(seed);
        var disk = new SimulatedDisk(faults: new DiskFaults { NamesInAnyOrder = choices.Chance(2) });
        JournalSettings settings = Journals.Settings(lanes: 2);
        using JournalDirectory journal = Journals.Open(disk, settings);
        List<(int Lane, long Position, long Cause)> written = [];
        int flushed = 0, all = 0, left = 0;
        for (int image = 0; image < ImagesOfOneRun; image++)
        {
            for (int more = choices.Draw(20); more > 0; more--)
            {
                int lane = choices.Draw(2);
                long cause = written.Count == 0 || choices.Chance(3) ? 0
                    : written[^(1 + choices.Draw(Math.Min(8, written.Count)))].Position;
                int bytes = choices.Chance(3) ? choices.Draw(12_000) : 16 * choices.Draw(8);
                written.Add((lane, journal.Lane(lane).Append((ulong)written.Count, bytes, cause), cause));
            }

            if (choices.Chance(8))
            {
                Array.ForEach(journal.Lanes, static lane => lane.Sync());
                flushed = written.Count;
            }

            HashSet<long> kept = Check(
                disk.PowerCut(choices), settings, written, flushed, $"seed {seed} image {image}");
            (all, left) = (all + written.Count, left + kept.Count);
        }

        journal.Abandon();
        return (all, left);
    }

    private static HashSet<long> Check(
        DiskImage image, JournalSettings settings, List<(int Lane, long Position, long Cause)> written, int flushed,
        string where)
    {
        var disk = SimulatedDisk.From(image);
        Journals.Open(disk, settings).Dispose();
        HashSet<long> kept = [];
        List<JournalEntry> entries = Journals.ReadAll(disk, out IReadOnlyList<LaneEnd> ends);
        Assert.All(ends, end => Assert.True(end.Kind == LaneEndKind.End, $"{where}: {end}"));
        foreach (JournalEntry entry in entries.Where(static entry => entry.Kind == JournalKind.Sent))
        {
            (int _, long position, long cause) = written[(int)entry.Badge];
            bool isRight = Journals.IsIntact(entry) && entry.Position == position && entry.Cause == cause;
            Assert.True(isRight, $"{where}: {entry.Position} is not what was written");
            Assert.True(cause == 0 || kept.Contains(cause), $"{where}: {position} names {cause}, which is lost");
            kept.Add(position);
        }

        for (int lane = 0; lane < settings.Lanes; lane++)
        {
            List<long> ofLane = [.. written.Where(one => one.Lane == lane).Select(static one => one.Position)];
            int end = ofLane.FindLastIndex(kept.Contains) + 1;
            Assert.True(ofLane.Take(end).All(kept.Contains), $"{where}: lane {lane} has a gap");
        }

        bool isWhole = written.Take(flushed).All(one => kept.Contains(one.Position));
        Assert.True(isWhole, $"{where}: what was flushed is lost");
        return kept;
    }
}

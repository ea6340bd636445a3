using FsCheck.Xunit;
using Outheis.Testing;
using Outheis.Testing.Generators;

namespace Outheis.Tests.Journal;

/// <summary>The journal against a list, through random appends, reopenings and kills.</summary>
public sealed class JournalModelTests
{
    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 150, StartSize = 50, EndSize = 400)]
    public bool Journal_AnySteps_EqualsAListPerLane(JournalCommand[] steps)
    {
        var disk = new SimulatedDisk();
        List<ulong>[] model = [[], []];
        JournalSettings settings = Journals.Settings(lanes: JournalCommand.Lanes);
        JournalDirectory journal = Journals.Open(disk, settings);
        ulong next = 0;
        foreach (JournalCommand step in steps)
        {
            JournalLane lane = journal.Lane(step.Lane);
            switch (step.Verb)
            {
                case JournalVerb.Append or JournalVerb.AppendLong:
                    model[step.Lane].Add(next);
                    lane.Append(next++, step.PayloadBytes);
                    break;
                case JournalVerb.Begin:
                    BeginOnly(lane, step.Bytes);
                    break;
                case JournalVerb.Close:
                    journal.Close();
                    journal = Journals.Open(disk, settings);
                    break;
                default:
                    journal.Abandon();
                    if (step.Verb == JournalVerb.PowerCycle)
                    {
                        disk.Reboot();
                    }

                    journal = Journals.Open(disk, settings);
                    break;
            }
        }

        bool open = Matches(disk, model);
        journal.Close();
        return open && Matches(disk, model);
    }

    private static unsafe void BeginOnly(JournalLane lane, int bytes)
    {
        if (lane.TryReserve(bytes))
        {
            new Span<byte>(lane.Begin(bytes), RecordHeader.Bytes + bytes)[4..].Fill(0xCD);
        }
    }

    private static bool Matches(SimulatedDisk disk, List<ulong>[] model)
    {
        List<JournalEntry> entries = Journals.ReadAll(disk, out IReadOnlyList<LaneEnd> ends);
        return ends.All(end => end.Kind == LaneEndKind.End)
            && entries.Where(entry => entry.Kind == JournalKind.Sent).All(Journals.IsIntact)
            && Enumerable.Range(0, JournalCommand.Lanes).All(lane => model[lane].SequenceEqual(entries
                .Where(entry => entry.Lane == lane && entry.Kind == JournalKind.Sent)
                .Select(entry => entry.Badge)));
    }
}

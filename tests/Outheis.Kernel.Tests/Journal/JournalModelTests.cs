using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Outheis.Testing;

namespace Outheis.Tests.Journal;

/// <summary>The journal against a list, through random appends, reopenings and kills.</summary>
public sealed class JournalModelTests
{
    public enum Verb
    {
        Append,
        AppendLong,
        Begin,
        Close,
        Kill,
        PowerCycle,
    }

    public sealed record Act(Verb Verb, int Lane, int Bytes)
    {
        public override string ToString() => $"{Verb} lane {Lane} {Bytes}";
    }

    public static class Steps
    {
        public static Arbitrary<Act> Act()
        {
            Gen<Verb> verbs = Gen.Frequency(
                (40, Gen.Constant(Verb.Append)),
                (10, Gen.Constant(Verb.AppendLong)),
                (3, Gen.Constant(Verb.Begin)),
                (2, Gen.Constant(Verb.Close)),
                (2, Gen.Constant(Verb.Kill)),
                (1, Gen.Constant(Verb.PowerCycle)));
            return Arb.From(
                from verb in verbs from lane in Gen.Choose(0, 1) from bytes in Gen.Choose(0, 200)
                select new Act(verb, lane, bytes));
        }
    }

    [Property(Arbitrary = [typeof(Steps)], MaxTest = 150, StartSize = 50, EndSize = 400)]
    public bool Journal_AnySteps_EqualsAListPerLane(Act[] steps)
    {
        var disk = new SimulatedDisk();
        List<ulong>[] model = [[], []];
        JournalSettings settings = Journals.Settings(lanes: 2);
        JournalDirectory journal = Journals.Open(disk, settings);
        ulong next = 0;
        foreach (Act step in steps)
        {
            JournalLane lane = journal.Lane(step.Lane);
            switch (step.Verb)
            {
                case Verb.Append or Verb.AppendLong:
                    model[step.Lane].Add(next);
                    lane.Append(next++, step.Verb == Verb.Append ? step.Bytes : step.Bytes * 100);
                    break;
                case Verb.Begin:
                    BeginOnly(lane, step.Bytes);
                    break;
                case Verb.Close:
                    journal.Close();
                    journal = Journals.Open(disk, settings);
                    break;
                default:
                    journal.Abandon();
                    if (step.Verb == Verb.PowerCycle)
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
            && Enumerable.Range(0, 2).All(lane => model[lane].SequenceEqual(entries
                .Where(entry => entry.Lane == lane && entry.Kind == JournalKind.Sent)
                .Select(entry => entry.Badge)));
    }
}

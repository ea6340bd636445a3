using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Pairs;

/// <summary>
/// R10 and R11: a reader beside the writer sees whole records in order, or none yet, and finds the next segment when it
/// comes to the end of one. Segments are the smallest, so that they end every few hundred records. The reader copies
/// from the file what the writer stores into its mapping.
/// </summary>
public sealed class JournalTests
{
    private const int PayloadBytes = 64;

    private sealed class Desk : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("outheis-litmus-").FullName;
        private readonly JournalDirectory _journal;
        private readonly JournalLane _lane;
        private readonly LaneReader _reader;
        private ulong _written;
        private ulong _read;

        public Desk()
        {
            var settings = new JournalSettings
            {
                Lanes = 1,
                SegmentBytes = JournalLimits.SegmentBytesMin,
                Retention = JournalRetention.KeepBytes(64 * JournalLimits.SegmentBytesMin),
            };
            _journal = JournalDirectory.Open(
                _folder, settings, SystemJournalDisk.Instance, TimeProvider.System, out _);
            _lane = _journal.Lane(0);
            _reader = new LaneReader(
                new LaneFiles(SystemJournalDisk.Instance, 0, Path.Combine(_folder, JournalSegment.LaneName(0))));
            while (_reader.TryRead())
            {
            }
        }

        public string Seen { get; private set; } = "";

        public unsafe void Append()
        {
            if (!_lane.TryReserve(PayloadBytes))
            {
                return;      // the next segment could not be prepared just now: tried again in a later round
            }

            RecordHeader* header = _lane.Begin(PayloadBytes);
            ulong number = ++_written;
            header->Describe(JournalKind.Sent, 0, RecordFlags.None, 7);
            header->Route(1, 2, 3, 4);
            header->Badge = number;
            header->Cause = 0;
            new Span<ulong>(header + 1, PayloadBytes / sizeof(ulong)).Fill(number);
            _lane.Commit(header, PayloadBytes);
        }

        public unsafe void Read()
        {
            Seen = "nothing";
            while (_reader.TryRead())
            {
                if (_reader.Losses.Count > 0)
                {
                    Seen = "Lost";
                    return;
                }

                ulong expected = ++_read;
                bool isWhole = _reader.Record->Badge == expected
                    && !new Span<ulong>(_reader.Record + 1, PayloadBytes / sizeof(ulong)).ContainsAnyExcept(expected);
                Seen = isWhole ? "whole" : "torn";
                if (!isWhole)
                {
                    return;
                }
            }

            if (_reader.End.Kind != LaneEndKind.End)
            {
                Seen = $"{_reader.End.Kind}";
            }
        }

        public void Dispose()
        {
            _reader.Dispose();
            _journal.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }

    private sealed class Round(Desk desk)
    {
        public Desk Desk => desk;

        public string Seen = "";
    }

    [Fact]
    public void JournalLaneCommit_AgainstAReader_ShowsWholeRecordsInOrder()
    {
        using var desk = new Desk();
        Experiment.Expect(
            new LitmusTest<Round>
            {
                Name = "JournalLane.Commit against LaneReader.TryRead",
                Make = () => new Round(desk),
                Actors =
                [
                    static round => round.Desk.Append(),
                    static round =>
                    {
                        round.Desk.Read();
                        round.Seen = round.Desk.Seen;
                    },
                ],
                Observe = static round => round.Seen,
                Outcomes =
                [
                    Allowed("nothing", "not yet committed"),
                    Allowed("whole", "committed, and all of it is there"),
                    Forbidden("torn", "not the record that comes next: R10/A10"),
                    Forbidden("BadRecord", "a record was seen before its content: R10/A10"),
                    Forbidden("Hole", "the end of a segment was seen before the next one: R11/A11"),
                    Forbidden("Lost", "the reader fell 64 segments behind: no fault of the journal"),
                ],
            },
            batch: 256,
            delayMost: 1024);
    }
}

using Outheis.Testing;
using Outheis.Tests.Durable;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>Every byte of a small journal, one at a time: whatever it becomes, nothing crashes or hangs, and nobody is
/// shown or handed anything that was not written.</summary>
public sealed class FlippedByteTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Deposit>().Add<Paid>().AddRequest<GetBalance, Money>();

    private const int HeaderBytesSummed = 72;

    /// <summary>All kinds of records there are, with names and layouts: reader, verifier, ledger.</summary>
    [Fact]
    public void AnyByteOfEveryKind_ReaderVerifierAndLedger_SayOnlyWhatWasWritten()
    {
        SimulatedDisk disk = GoldenJournal.Write();
        Dictionary<long, Told> written = Read(disk).ToDictionary(static told => told.Position);
        foreach (int lane in (int[])[0, 1])
        {
            string path = Journals.Segment(0, lane);
            foreach (int at in Offsets(disk, path))
            {
                disk.Bytes(path)[at] ^= 0xFF;
                Assert.All(Read(disk), told =>
                    Assert.True(IsAsWritten(written[told.Position], told), $"lane {lane} byte {at}: {told}"));
                disk.Bytes(path)[at] ^= 0xFF;
            }
        }
    }

    /// <summary>The verifier names the record that the byte is of, says how many whole ones lie behind it, and nothing
    /// else. It is silent about exactly those bytes that mean nothing: see <see cref="IsUnused"/>.</summary>
    [Fact]
    public void AnyByteOfEveryKind_Verifier_NamesTheRecordOfTheByte()
    {
        SimulatedDisk disk = GoldenJournal.Write();
        Assert.True(JournalVerifier.Verify(Journals.Path, disk, threads: 1).IsWhole);
        Assert.Equal(
            Enum.GetValues<JournalKind>().Where(static kind => kind != JournalKind.None),
            Journals.ReadAll(disk, out _).Select(static entry => entry.Kind).Distinct().Order());
        int silent = 0;
        foreach (int lane in (int[])[0, 1])
        {
            string path = Journals.Segment(0, lane);
            long first = Journals.Header(disk, path).FirstPosition;
            List<Written> records = WrittenIn(disk.Bytes(path));
            foreach (int at in Offsets(disk, path))
            {
                disk.Bytes(path)[at] ^= 0xFF;
                JournalVerification found = JournalVerifier.Verify(Journals.Path, disk, threads: 1);
                disk.Bytes(path)[at] ^= 0xFF;
                silent += IsUnused(records, at) ? 1 : 0;
                if (IsUnused(records, at))
                {
                    Assert.True(found.IsWhole, $"lane {lane} byte {at}: {string.Join(", ", found.Faults)}");
                    continue;
                }

                JournalFault fault = Assert.Single(found.Faults);
                int bad = records.FindIndex(record => at < record.End);
                (long position, long behind) = bad < 0 ? (first + records[^1].Next, 0)
                    : at < JournalLimits.SegmentHeaderBytes ? (first, records.Count)
                    : (first + records[bad].Offset, records.Count - bad - 1);
                Assert.Equal((lane, position, behind), (fault.Lane, fault.Position, fault.RecordsBeyond));
                Assert.EndsWith(fault.File, path, StringComparison.Ordinal);
            }
        }

        Assert.InRange(silent, 100, 1500);
    }

    // Where nobody looks: what fills a record up to where the next may begin, all but the length of the slot behind the
    // last one, and in the header two notes that change later and are believed only with what they point at.
    private static bool IsUnused(List<Written> records, int at) =>
        at < JournalLimits.SegmentHeaderBytes ? at >= HeaderBytesSummed
        : at >= records[^1].Next ? at >= records[^1].Next + sizeof(int)
        : records.Exists(record => at >= record.End && at < record.Next);

    private static List<Written> WrittenIn(ReadOnlySpan<byte> segment)
    {
        List<Written> records = [];
        int offset = JournalLimits.SegmentHeaderBytes;
        for (int length; (length = BitConverter.ToInt32(segment[offset..])) > 0; offset = records[^1].Next)
        {
            records.Add(new(offset, offset + length));
        }

        return records;
    }

    /// <summary>A journal with messages to deliver again and a state to rebuild: the next kernel refuses, or hands out
    /// what was sent, in its order, and no state that never was.</summary>
    [Fact]
    public void AnyByte_KernelStarts_DeliversOnlyWhatWasSent()
    {
        var original = new SimulatedDisk();
        HashSet<(long, long)> states = [default];
        WriteKilled(original, states);
        DiskImage image = original.Snapshot();
        string path = Journals.Segment(0);
        int refused = 0, whole = 0;
        foreach (int at in Offsets(original, path))
        {
            var disk = SimulatedDisk.From(image);
            disk.Bytes(path)[at] ^= 0xFF;
            if (at % 2 == 0)
            {
                disk.Reboot();
            }

            List<long> plain = [];
            Money? state = Start(disk, plain);
            refused += state is null ? 1 : 0;
            whole += plain.Count == 3 ? 1 : 0;
            // Chance and clock of a message whose record of them is lost are drawn anew.
            bool isOfThen = state is not { } found || states.Contains((found.Cents, found.Messages));
            Assert.True(isOfThen, $"byte {at}: {state}");
            Assert.True(
                plain.SequenceEqual(plain.Distinct().Order()) && plain.All(static cents => cents is 101 or 102 or 103),
                $"byte {at}: {string.Join(',', plain)}");
        }

        Assert.True(whole > 100, $"{refused} refused, {whole} whole");
    }

    private static bool IsAsWritten(Told written, Told told) =>
        // A name or a layout may be behind the damage; a time is that of the last Tick read.
        told with { Sender = written.Sender, Target = written.Target, Type = written.Type, Time = written.Time }
            == written
        && (told.Target is null or "host" || told.Target == written.Target)
        && (told.Type is null || told.Type == written.Type);

    private static IEnumerable<int> Offsets(SimulatedDisk disk, string path)
    {
        ReadOnlySpan<byte> bytes = disk.Bytes(path);
        int end = bytes.LastIndexOfAnyExcept((byte)0) + 16;
        return Enumerable.Range(0, SegmentHeader.Bytes)
            .Concat(Enumerable.Range(JournalLimits.SegmentHeaderBytes, end - JournalLimits.SegmentHeaderBytes));
    }

    private static List<Told> Read(SimulatedDisk disk)
    {
        try
        {
            List<JournalEntry> entries = Journals.ReadAll(disk, out _);
            entries.ForEach(static entry => _ = (entry.PayloadText, entry.Detail));
            using LedgerReader past = LedgerReader.Open(disk, Journals.Path, archive: null);
            past.CatchUp();
            _ = (past.Find("buyer"), past.Find("shop"), past.Quarantine().Count());
            return [.. entries.Select(Told.Of)];
        }
        catch (JournalException)
        {
            return [];      // a header that is none, or of a newer format
        }
    }

    private static void WriteKilled(SimulatedDisk disk, HashSet<(long, long)> states)
    {
        var world = new StepKernel(cores: 1, disk: disk, codecs: Codecs, snapshotEvery: 2);
        Spawn(world, [], out Capability<Deposit> account, out Capability<Deposit> plain, out AgentId agent);
        world.Run();
        for (int i = 1; i <= 3; i++)
        {
            account.SendAll([new Deposit(i)]);
            world.Run();
            Money state = world.Result(world.Kernel.GrantAsk<GetBalance, Money>(agent).AskAsync(default));
            states.Add((state.Cents, state.Messages));
        }

        plain.SendAll([new Deposit(101), new Deposit(102), new Deposit(103)]);
        world.CoreAt(0).Enter();
        world.CoreAt(0).DrainArrivals();      // journaled, their turn has not come
        Core.Leave();
        world.Abandon();
    }

    private static void Spawn(
        StepKernel world, List<long> got, out Capability<Deposit> account, out Capability<Deposit> plain,
        out AgentId agent)
    {
        agent = world.Kernel.Spawn("account", static () => new Durable.Account());
        AgentId receiver = world.Kernel.Spawn(
            new Receiver<Deposit>((in Deposit deposit, Context _) => got.Add(deposit.Cents)), name: "plain");
        account = world.Kernel.Grant<Deposit>(agent);
        plain = world.Kernel.Grant<Deposit>(receiver);
    }

    private static Money? Start(SimulatedDisk disk, List<long> plain)
    {
        StepKernel world;
        try
        {
            world = new StepKernel(cores: 1, disk: disk, codecs: Codecs, snapshotEvery: 2);
        }
        catch (JournalException)
        {
            return null;
        }

        Spawn(world, plain, out _, out _, out AgentId agent);
        world.Run();
        Money? state = world.Failures.Count > 0 ? null
            : world.Result(world.Kernel.GrantAsk<GetBalance, Money>(agent).AskAsync(default));
        world.Abandon();
        return state;
    }

    /// <summary>A record in a segment: where it begins and where its bytes end.</summary>
    private readonly record struct Written(int Offset, int End)
    {
        public int Next => (End + RecordHeader.Alignment - 1) & -RecordHeader.Alignment;
    }
}

using System.Runtime.InteropServices;
using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>Seals of full segments: what they cover, how they follow one another, what a crash leaves of
/// them.</summary>
public sealed class SealTests
{
    private readonly PreparerByHand _workers = new();
    private SimulatedDisk _disk = new();
    private ulong _next;

    private JournalSettings Settings(int? retain = null) =>
        JournalOnDisk.Settings(retain, _workers) with { Seal = true };

    private JournalDirectory Append(ulong count, JournalSettings? settings = null)
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk, settings ?? Settings());
        journal.AppendUpTo(ref _next, _next + count, _workers);
        return journal;
    }

    private LaneSeals Verify(ISealKey? key = null) =>
        Assert.Single(SealVerifier.Verify(JournalOnDisk.Path, key, _disk));

    private void MustBeGood(long first, long last)
    {
        LaneSeals seals = Verify();
        Assert.Null(seals.Fault);
        Assert.Equal((first, last, last - first + 1), (seals.First, seals.Last, (long)seals.Sealed));
    }

    private void MustName(long sequence, string reason)
    {
        SealFault? fault = Verify().Fault;
        Assert.NotNull(fault);
        Assert.Equal(JournalOnDisk.Segment(sequence), fault.File);
        Assert.Contains(reason, fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void FullSegments_AreSealedInOrder_AndTheOneBeingWrittenIsNot()
    {
        JournalDirectory journal = Append(100);
        long newest = journal.Describe().Lanes[0].Newest;
        Assert.Equal(newest, journal.Describe().Lanes[0].SealedTo);
        MustBeGood(0, newest - 1);
        journal.Close();
        Assert.Equal(JournalOnDisk.Range(0, 100), JournalOnDisk.Numbers(_disk));
    }

    [Fact]
    public void AnyByteOfASealedSegment_Flipped_IsNamed()
    {
        Append(60).Close();
        var random = new Random(1);
        IEnumerable<int> places = [0, 8, 16, 40, 71, 80, 127, 128, 140, 150, 180, 308, 311, 312, 4095, 4096, 65535,
            .. Enumerable.Range(0, 60).Select(_ => 4096 + random.Next(61440))];
        foreach (int place in places)
        {
            _disk.Bytes(JournalOnDisk.Segment(1))[place] ^= 4;
            Assert.True(Verify().Fault is { } fault && fault.File == JournalOnDisk.Segment(1), $"byte {place}");
            _disk.Bytes(JournalOnDisk.Segment(1))[place] ^= 4;
        }

        MustBeGood(0, 2);
    }

    [Fact]
    public void TwoSealedSegments_Swapped_AreNamed()
    {
        Append(60).Close();
        byte[] one = _disk.Bytes(JournalOnDisk.Segment(1)).ToArray();
        _disk.Bytes(JournalOnDisk.Segment(2)).CopyTo(_disk.Bytes(JournalOnDisk.Segment(1)));
        one.CopyTo(_disk.Bytes(JournalOnDisk.Segment(2)));
        MustName(1, "seal is damaged");
    }

    [Fact]
    public void ASealedSegment_Removed_IsMissed()
    {
        Append(60).Close();
        _disk.Delete(JournalOnDisk.Segment(1));
        MustName(2, "segment 1 before it is missing");
    }

    /// <summary>A history with other records and a seal of its own does not fit into the chain.</summary>
    [Fact]
    public unsafe void ASegmentSealedAnew_DoesNotFitTheNextOne()
    {
        Append(60).Close();
        fixed (byte* segment = _disk.Bytes(JournalOnDisk.Segment(1)))
        {
            segment[30_000] ^= 1;
            ref SegmentSeal seal = ref *(SegmentSeal*)(segment + SegmentSeal.Offset);
            seal = SegmentSeal.Of(segment, JournalLimits.SegmentBytesMin, seal.Previous, null);
        }

        MustName(2, "does not follow segment 1");
    }

    [Fact]
    public void ASeal_TakenAway_IsMissedByTheNextOne()
    {
        Append(60).Close();
        _disk.Bytes(JournalOnDisk.Segment(1)).Slice(SegmentSeal.Offset, SegmentSeal.Bytes).Clear();
        MustName(2, "segment 1 before it has no seal");
    }

    [Fact]
    public void AfterRetention_TheChainBeginsWhereTheHistoryDoes()
    {
        JournalDirectory journal = Append(400, Settings(retain: 3));
        JournalLaneInfo lane = journal.Describe().Lanes[0];
        Assert.True(lane.Oldest > 0);
        MustBeGood(lane.Oldest, lane.Newest - 1);
        journal.Close();
    }

    [Fact]
    public void GivenUpUnsealed_TheChainBeginsAnewAndSaysSo()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk, Settings(retain: 1));
        for (; _next < 300; _next++)
        {
            journal.Lane(0).Append(_next, 4000);      // nobody seals meanwhile
        }

        _workers.RunAll();
        JournalLaneInfo lane = journal.Describe().Lanes[0];
        MustBeGood(lane.Oldest, lane.Newest - 1);
        ref SegmentSeal seal = ref MemoryMarshal.AsRef<SegmentSeal>(
            _disk.Bytes(JournalOnDisk.Segment(lane.Oldest))[SegmentSeal.Offset..]);
        Assert.Equal(SealFlags.Gap, seal.Flags);
        journal.Close();
    }

    [Fact]
    public void ALaterRun_SealsWhatAnEarlierOneDidNot()
    {
        JournalOnDisk.Open(_disk, JournalOnDisk.Settings(threads: _workers)).Dispose();
        Append(100, JournalOnDisk.Settings(threads: _workers)).Close();
        Assert.Equal(0, Verify().Sealed);
        JournalDirectory journal = Append(1);
        MustBeGood(0, journal.Describe().Lanes[0].Newest - 1);
        journal.Close();
    }

    [Fact]
    public void KilledOrPowerCutAtAnyCallWhileSealing_LeavesAChainThatTheNextRunGoesOnWith()
    {
        for (int moment = 1; ; moment++)
        {
            (_disk, _next) = (new SimulatedDisk(), 0);
            DiskImage? killed = null, cut = null;
            int calls = 0, at = moment;
            JournalDirectory journal = Append(20);
            _disk.BeforeCall = () =>
            {
                killed = ++calls == at ? _disk.Snapshot() : killed;
                cut = calls == at ? _disk.PowerCut(new Choices((ulong)at)) : cut;
            };
            journal.AppendUpTo(ref _next, 60, _workers);
            journal.Abandon();
            if (killed is null)
            {
                Assert.True(moment > 15, $"sealing is more than {moment} calls");
                return;
            }

            foreach (DiskImage left in (DiskImage[])[killed, cut!])
            {
                _disk = SimulatedDisk.From(left);
                Assert.Null(Verify().Fault);
                journal = Append(40);
                MustBeGood(0, journal.Describe().Lanes[0].Newest - 1);
                journal.Abandon();
            }
        }
    }

    /// <summary>Recovery cuts into a segment that was sealed only where it is damaged: then it is full anew, some
    /// day.</summary>
    [Fact]
    public void RecoveryCutsIntoASealedSegment_ItIsSealedAnew()
    {
        JournalDirectory journal = Append(40);
        journal.Abandon();
        _disk.Bytes(JournalOnDisk.Segment(1))[30_000] ^= 1;
        _disk.Reboot();
        journal = Append(60);
        MustBeGood(0, journal.Describe().Lanes[0].Newest - 1);
        journal.Close();
    }

    /// <summary>What failed before anything was written may be tried again, and has to be: an archive waits for
    /// it.</summary>
    [Fact]
    public void ASignerThatFails_IsAskedAgainAfterAPauseAndTold()
    {
        var time = new VirtualTime();
        var signer = new Moody { Fails = true };
        JournalDirectory journal = JournalDirectory.Open(
            JournalOnDisk.Path, Settings() with { Signer = signer }, _disk, time, out _);
        journal.AppendUpTo(ref _next, 60, _workers);
        Assert.Contains("tries again", journal.Describe().SealFailure, StringComparison.Ordinal);
        Assert.False(journal.Describe().HasStoppedSealing);
        signer.Fails = false;
        time.AdvanceBy(JournalLimits.ArchivePause);
        _workers.RunAll();
        JournalInfo now = journal.Describe();
        Assert.Null(now.SealFailure);
        Assert.True(now.Lanes[0].SealedTo > 0);
        journal.Close();
        MustBeGood(0, now.Lanes[0].SealedTo - 1);
    }

    [Fact]
    public void ASyncThatFails_EndsTheSealingAndIsTold()
    {
        JournalDirectory journal = Append(20);
        _disk.FailNext(DiskVerb.SyncFile, int.MaxValue);
        while (journal.Lane(0).TryAppend(_next++, 4000))
        {
            _workers.RunAll();
        }

        _disk.FailNext(DiskVerb.SyncFile, 0);
        Assert.Contains("does not seal", journal.Describe().SealFailure, StringComparison.Ordinal);
        Assert.True(journal.Describe().HasStoppedSealing);
        Assert.Throws<JournalException>(journal.Lane(0).Sync);
        journal.Abandon();
    }

    [Fact]
    public void Signatures_OfAnotherKeyOrNone_AreNamed()
    {
        Append(40, Settings() with { Signer = new Xor(7) }).Close();
        Assert.Null(Verify(new Xor(7)).Fault);
        Assert.Contains("not good", Verify(new Xor(8)).Fault!.Reason, StringComparison.Ordinal);
        _disk = new SimulatedDisk();
        Append(40).Close();
        Assert.Contains("not signed", Verify(new Xor(7)).Fault!.Reason, StringComparison.Ordinal);
    }

    private sealed class Xor(byte secret) : ISealSigner, ISealKey
    {
        private readonly byte[] _id = [1];

        public ReadOnlySpan<byte> KeyId => _id;

        public int Sign(ReadOnlySpan<byte> hash, Span<byte> signature)
        {
            for (int i = 0; i < hash.Length; i++)
            {
                signature[i] = (byte)(hash[i] ^ secret);
            }

            return hash.Length;
        }

        public bool Verify(ReadOnlySpan<byte> keyId, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
        {
            Span<byte> expected = stackalloc byte[hash.Length];
            Sign(hash, expected);
            return keyId[0] == 1 && expected.SequenceEqual(signature);
        }
    }

    private sealed class Moody : ISealSigner
    {
        public bool Fails { get; set; }

        public ReadOnlySpan<byte> KeyId => [1];

        public int Sign(ReadOnlySpan<byte> hash, Span<byte> signature) =>
            Fails ? throw new InvalidOperationException("the key is locked") : 0;
    }
}

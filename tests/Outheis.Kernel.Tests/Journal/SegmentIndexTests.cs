using System.Runtime.InteropServices;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>An index makes seeking cheap and never changes what is found.</summary>
public sealed class SegmentIndexTests
{
    private const string First = $"{Journals.Path}/lane-00/000000000000.idx";

    private readonly WrittenJournal _journal = WrittenJournal.Write(lanes: 1, runs: 2);
    private readonly List<Told> _all;
    private readonly JournalQuery _query;

    public SegmentIndexTests()
    {
        _all = _journal.Tell();
        _query = new JournalQuery { From = _all[_all.Count / 8].Position };
        Assert.Equal(Expected, _journal.Tell(_query));
    }

    private List<Told> Expected => _all[(_all.Count / 8)..];

    [Fact]
    public void Index_AfterASeek_StandsBesideEachFullSegmentBeforeIt()
    {
        _journal.Tell(new JournalQuery { From = _all[^1].Position });
        Assert.Contains(First, _journal.Disk.Files);
        Assert.DoesNotContain(_journal.Disk.Files, path => path.EndsWith(
            Path.ChangeExtension(Path.GetFileName(_journal.Disk.Files.Last(file => file.EndsWith(".seg"))), ".idx"),
            StringComparison.Ordinal));
    }

    [Fact]
    public void Index_AnyByteChanged_IsMadeAnew()
    {
        byte[] good = _journal.Disk.Bytes(First).ToArray();
        for (int i = 0; i < good.Length; i++)
        {
            _journal.Disk.Bytes(First)[i] ^= 0x5A;
            Assert.Equal(Expected, _journal.Tell(_query));
            Assert.True(_journal.Disk.Bytes(First).SequenceEqual(good), $"byte {i}");
        }
    }

    [Fact]
    public void Index_CutAnywhereOrGone_IsMadeAnew()
    {
        byte[] good = _journal.Disk.Bytes(First).ToArray();
        for (int length = 0; length < good.Length; length += 7)
        {
            _journal.Disk.WriteAside(First, good.AsSpan(0, length));
            Assert.Equal(Expected, _journal.Tell(_query));
        }

        _journal.Disk.Delete(First);
        Assert.Equal(Expected, _journal.Tell(_query));
        Assert.True(_journal.Disk.Bytes(First).SequenceEqual(good));
    }

    [Fact]
    public void Index_OfAnotherSegment_IsNotUsed()
    {
        _journal.Tell(new JournalQuery { From = WrittenJournal.SegmentBytes * 3 / 2 });
        byte[] other = _journal.Disk.Bytes(First.Replace("000.idx", "001.idx", StringComparison.Ordinal)).ToArray();
        _journal.Disk.WriteAside(First, other);
        Assert.Equal(Expected, _journal.Tell(_query));
    }

    [Fact]
    public void Index_ThatLies_IsMadeAnew()
    {
        SegmentHeader header = Journals.Header(_journal.Disk, Journals.Segment(0));
        byte[] good = _journal.Disk.Bytes(First).ToArray();
        SegmentIndex truth = SegmentIndexFile.Decode(good.ToArray(), in header)!;
        Lie(truth, (places, _) => places[1].Offset += 16);
        Lie(truth, (places, _) => places[1].Crc ^= 1);
        Lie(truth, (places, _) => places[1].Time = places[1].Offset - 16);
        Lie(truth, (places, _) => places[1].Time = 17);
        Lie(truth, (_, facts) => facts[1].Offset += 16);
        Lie(truth, (_, facts) => facts[2].Crc ^= 1);
        Lie(truth, (_, facts) => facts[^1].Offset = int.MaxValue);
        Lie(truth, (_, _) => { }, (ref SegmentIndexHeader front) => front.End -= 16);
        Lie(truth, (_, _) => { }, (ref SegmentIndexHeader front) => front.TailDigest ^= 1);
        Lie(truth, (_, _) => { }, (ref SegmentIndexHeader front) => front.Version++);
    }

    private delegate void ChangeHeader(ref SegmentIndexHeader header);

    private void Lie(
        SegmentIndex truth, Action<IndexPlace[], IndexFact[]> change, ChangeHeader? changeHeader = null)
    {
        IndexPlace[] places = truth.Places.ToArray();
        IndexFact[] facts = truth.Facts.ToArray();
        SegmentIndexHeader header = truth.Header;
        change(places, facts);
        changeHeader?.Invoke(ref header);
        byte[] lie = SegmentIndexFile.Encode(new SegmentIndex(header, places, facts, true));
        _journal.Disk.WriteAside(First, lie);
        Assert.Equal(Expected, _journal.Tell(_query));
        Assert.True(_journal.Disk.Bytes(First).SequenceEqual(SegmentIndexFile.Encode(truth)), "made anew");
    }

    [Fact]
    public void Index_OlderThanItsSegment_IsMadeAnew()
    {
        // The segment is cut behind its first half, and filled again by a later run.
        List<Told> inFirst = [.. _all.Where(one => one.Position < WrittenJournal.SegmentBytes)];
        int cut = (int)inFirst[inFirst.Count / 2].Position;
        _journal.Disk.Bytes(Journals.Segment(0))[cut..].Clear();
        Journals.Header(_journal.Disk, Journals.Segment(0)).Closed = 0;
        foreach (string later in _journal.Disk.Files.Where(file => file.EndsWith(".seg")).Skip(1).ToList())
        {
            _journal.Disk.Delete(later);
        }

        using (JournalDirectory again = Journals.Open(_journal.Disk))
        {
            Assert.Equal(cut, RecordHeader.OffsetOf(again.Lane(0).Position), 200.0);
            for (ulong i = 0; i < 2000; i++)
            {
                again.Lane(0).Append(i, 40);
            }
        }

        List<Told> all = _journal.Tell();
        Assert.Equal(2000, all.Count(one => one.Run == 2 && one.Kind == JournalKind.Sent));
        for (int i = inFirst.Count / 3; i < all.Count; i += 71)
        {
            Assert.Equal(all[i..], _journal.Tell(new JournalQuery { From = all[i].Position }));
        }
    }

    [Fact]
    public void Index_ThatCannotBeWritten_IsDoneWithout()
    {
        _journal.Disk.Delete(First);
        _journal.Disk.FailNext(DiskVerb.Create, 100);
        Assert.Equal(Expected, _journal.Tell(_query));
        _journal.Disk.FailNext(DiskVerb.Create, 0);
        _journal.Disk.Free = 0;
        Assert.Equal(Expected, _journal.Tell(_query));
    }

    [Fact]
    public void Index_BesideARun_DoesNotDisturbRecovery()
    {
        _journal.Tell(new JournalQuery { From = _all[^1].Position });
        using (Journals.Open(_journal.Disk, out RecoveryReport report))
        {
            Assert.False(report.Repaired);
        }

        Assert.Equal(_all, _journal.Tell()[.._all.Count]);
    }

    [Fact]
    public void Index_OfASegmentThatIsGone_IsDropped()
    {
        _journal.Tell(new JournalQuery { From = _all[^1].Position });
        _journal.Disk.Delete(Journals.Segment(0));
        _journal.Disk.Delete(First.Replace("000.idx", "001.idx", StringComparison.Ordinal));
        _journal.Tell(new JournalQuery { From = WrittenJournal.SegmentBytes * 3 / 2 });
        Assert.DoesNotContain(First, _journal.Disk.Files);
    }

    [Fact]
    public void Layout_IsWhatTheFormatSays()
    {
        Assert.Equal(SegmentIndexHeader.Bytes, Marshal.SizeOf<SegmentIndexHeader>());
        Assert.Equal(IndexPlace.Bytes, Marshal.SizeOf<IndexPlace>());
        Assert.Equal(IndexFact.Bytes, Marshal.SizeOf<IndexFact>());
        Assert.Equal("OUTHINDX"u8, _journal.Disk.Bytes(First)[..8]);
    }
}

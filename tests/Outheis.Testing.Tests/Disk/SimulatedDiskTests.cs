using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>What the disk itself promises, without a journal on it.</summary>
public sealed unsafe class SimulatedDiskTests
{
    private const string File = "/a/file";
    private const int Bytes = 4 * DiskContent.PageBytes;

    private readonly SimulatedDisk _disk = new();

    public SimulatedDiskTests()
    {
        _disk.CreateDirectory("/a");
        _disk.SyncDirectory("/");
    }

    private IJournalDisk Verbs => _disk;

    private SegmentMapping Durable(string path = File)
    {
        SegmentMapping mapping = Verbs.CreateSegment(path, Bytes);
        Verbs.SyncFile(mapping);
        _disk.SyncDirectory("/a");
        return mapping;
    }

    private static byte[] Read(SimulatedDisk disk, string path = File)
    {
        using ISegmentFile file = ((IJournalDisk)disk).OpenRead(path);
        byte[] bytes = new byte[file.Bytes];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return bytes;
    }

    [Fact]
    public void Snapshot_NothingSynced_KeepsBytesAndNamesOnTheSameBoot()
    {
        SegmentMapping mapping = Verbs.CreateSegment(File, Bytes);
        mapping.Pointer[5000] = 7;
        _disk.Rename(File, "/a/other");
        SimulatedDisk found = SimulatedDisk.From(_disk.Snapshot());
        Assert.Equal(_disk.BootId, found.BootId);
        Assert.Equal("/a/other", Assert.Single(found.Files));
        Assert.Equal(7, Read(found, "/a/other")[5000]);
    }

    [Fact]
    public void Snapshot_ThenPowerCut_LosesWhatTheKilledProcessHadNotSynced()
    {
        SegmentMapping mapping = Durable();
        mapping.Pointer[0] = 7;
        SimulatedDisk killed = SimulatedDisk.From(_disk.Snapshot());
        Assert.Equal(0, Read(SimulatedDisk.From(killed.PowerCutLosingAll()))[0]);
        ((IJournalDisk)killed).SyncFile(((IJournalDisk)killed).OpenSegment(File));
        Assert.Equal(7, Read(SimulatedDisk.From(killed.PowerCutLosingAll()))[0]);
    }

    [Fact]
    public void From_SameImageTwice_DisksAndImageAreIndependent()
    {
        SegmentMapping mapping = Durable();
        mapping.Pointer[0] = 1;
        DiskImage image = _disk.Snapshot();
        mapping.Pointer[0] = 2;
        SimulatedDisk first = SimulatedDisk.From(image);
        first.Bytes(File)[0] = 3;
        first.Reboot();
        first.Delete(File);
        Assert.Equal(1, Read(SimulatedDisk.From(image))[0]);
        Assert.Equal(2, Read(_disk)[0]);
        Assert.Equal(0, Read(SimulatedDisk.From(_disk.PowerCutLosingAll()))[0]);
    }

    [Fact]
    public void Mapping_FileDeletedAndDiskLeftBehind_StaysWritable()
    {
        SegmentMapping mapping = MapAndForget(out WeakReference disk);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.False(disk.IsAlive);
        for (int i = 0; i < 1000; i++)
        {
            GC.KeepAlive(GC.AllocateArray<byte>(Bytes, pinned: true));
        }

        GC.Collect();
        Assert.Equal(9, mapping.Pointer[100]);
        Assert.Equal(0, (long)mapping.Pointer % DiskContent.PageBytes);
        GC.KeepAlive(mapping);
    }

    private static SegmentMapping MapAndForget(out WeakReference left)
    {
        var disk = new SimulatedDisk();
        SegmentMapping mapping = ((IJournalDisk)disk).CreateSegment("/file", Bytes);
        mapping.Pointer[100] = 9;
        disk.Delete("/file");
        left = new WeakReference(disk);
        return mapping;
    }

    [Fact]
    public void PowerCut_ManySeeds_EachDirtyPageIsWholeMissingOrTornBetweenSectors()
    {
        SegmentMapping mapping = Durable();
        var span = new Span<byte>(mapping.Pointer, Bytes);
        span.Fill(1);
        Verbs.SyncFile(mapping);
        span[DiskContent.PageBytes..].Fill(2);
        HashSet<string> seen = [];
        for (ulong seed = 0; seed < 300; seed++)
        {
            byte[] found = Read(SimulatedDisk.From(_disk.PowerCut(new Choices(seed))));
            Assert.All(found.Take(DiskContent.PageBytes), value => Assert.Equal(1, value));
            foreach (byte[] sector in found.Chunk(DiskContent.SectorBytes))
            {
                Assert.Single(sector.Distinct());
            }

            foreach (byte[] page in found.Chunk(DiskContent.PageBytes).Skip(1))
            {
                seen.Add(page.Distinct().Count() == 2 ? "torn" : page[0] == 2 ? "whole" : "missing");
            }
        }

        Assert.Equal(["missing", "torn", "whole"], seen.Order());
    }

    [Fact]
    public void PowerCut_SameChoices_SameImage()
    {
        SegmentMapping mapping = Durable();
        new Span<byte>(mapping.Pointer, Bytes).Fill(2);
        var choices = new Choices(4);
        byte[] first = Read(SimulatedDisk.From(_disk.PowerCut(choices)));
        Assert.Equal(first, Read(SimulatedDisk.From(_disk.PowerCut(new Choices(4)))));
        Assert.Equal(first, Read(SimulatedDisk.From(_disk.PowerCut(new Choices(choices.Drawn)))));
        Assert.All(Read(SimulatedDisk.From(_disk.PowerCut(new Choices([])))), value => Assert.Equal(2, value));
    }

    [Fact]
    public void PowerCut_FileNeverSynced_MayBeEmptyButNeverShort()
    {
        Verbs.CreateSegment(File, Bytes);
        _disk.SyncDirectory("/a");
        int[] lengths = [.. Enumerable.Range(0, 50)
            .Select(seed => Read(SimulatedDisk.From(_disk.PowerCut(new Choices((ulong)seed)))).Length)];
        Assert.Equal([0, Bytes], lengths.Distinct().Order());
    }

    [Fact]
    public void WriteBack_PageChangedAgain_PowerCutFindsTheVersionInBetween()
    {
        SegmentMapping mapping = Durable();
        mapping.Pointer[0] = 1;
        _disk.WriteBack(new Choices([]));
        mapping.Pointer[0] = 2;
        Assert.Equal(1, Read(SimulatedDisk.From(_disk.PowerCutLosingAll()))[0]);
        Assert.Equal(2, Read(_disk)[0]);
    }

    [Fact]
    public void SyncFile_Fails_NoLaterSyncMakesTheSamePageDurable()
    {
        SegmentMapping mapping = Durable();
        mapping.Pointer[0] = 7;
        _disk.FailNext(DiskVerb.SyncFile);
        Assert.Throws<IOException>(() => Verbs.SyncFile(mapping));
        Verbs.SyncFile(mapping);      // says that all is well
        Assert.Equal(7, Read(_disk)[0]);
        Assert.Equal(0, Read(SimulatedDisk.From(_disk.PowerCut(new Choices([]))))[0]);
        mapping.Pointer[1] = 8;       // the page is dirty again
        Verbs.SyncFile(mapping);
        Assert.Equal([7, 8], Read(SimulatedDisk.From(_disk.PowerCutLosingAll()))[..2]);
        Assert.Equal("SyncFile call 2 fails: /a/file", Assert.Single(_disk.Events));
    }

    [Fact]
    public void SyncDirectory_Fails_NoLaterSyncMakesTheNameDurable()
    {
        Durable();
        _disk.Rename(File, "/a/other");
        _disk.FailNext(DiskVerb.SyncDirectory);
        Assert.Throws<IOException>(() => _disk.SyncDirectory("/a"));
        _disk.SyncDirectory("/a");
        Assert.Equal([File], SimulatedDisk.From(_disk.PowerCutLosingAll()).Files);
    }

    [Fact]
    public void Rename_NotSynced_PowerCutFindsOneNameOrTheOther()
    {
        Durable().Pointer[0] = 7;
        string[] names = [.. Enumerable.Range(0, 50).Select(_ => "")];
        Verbs.SyncFile(Verbs.OpenSegment(File));
        _disk.Rename(File, "/a/other");
        for (int seed = 0; seed < names.Length; seed++)
        {
            SimulatedDisk found = SimulatedDisk.From(_disk.PowerCut(new Choices((ulong)seed)));
            names[seed] = Assert.Single(found.Files);
            Assert.Equal(7, Read(found, names[seed])[0]);
        }

        Assert.Equal([File, "/a/other"], names.Distinct().Order());
        _disk.SyncDirectory("/a");
        Assert.Equal(["/a/other"], SimulatedDisk.From(_disk.PowerCutLosingAll()).Files);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void PowerCut_TwoNamesChanged_TheLaterAloneOnlyInAnyOrder(bool anyOrder)
    {
        var disk = new SimulatedDisk(faults: new DiskFaults { NamesInAnyOrder = anyOrder });
        disk.WriteAside("/1", "1"u8);
        disk.WriteAside("/2", "2"u8);
        bool laterAlone = Enumerable.Range(0, 50).Any(seed =>
            SimulatedDisk.From(disk.PowerCut(new Choices((ulong)seed))).Files is ["/2"]);
        Assert.Equal(anyOrder, laterAlone);
    }

    [Fact]
    public void PowerCut_DirectoryNotSynced_TakesItsFilesAlong()
    {
        _disk.CreateDirectory("/a/b");
        _disk.WriteAside("/a/b/file", "1"u8);
        _disk.SyncDirectory("/a/b");
        Assert.Empty(SimulatedDisk.From(_disk.PowerCutLosingAll()).Files);
        _disk.SyncDirectory("/a");
        Assert.Single(SimulatedDisk.From(_disk.PowerCutLosingAll()).Files);
    }

    [Fact]
    public void CreateSegment_Full_LeavesNothingAndDeletingGivesRoom()
    {
        _disk.Free = Bytes + 1;
        Durable();
        Assert.Equal(1, _disk.Free);
        Assert.Contains("space", Assert.Throws<IOException>(() => Verbs.CreateSegment("/a/2", Bytes)).Message,
            StringComparison.Ordinal);
        Assert.Equal([File], _disk.Files);
        _disk.Delete(File);
        Verbs.CreateSegment("/a/2", Bytes);
        Assert.Equal(1, SimulatedDisk.From(_disk.Snapshot()).Free);
        Assert.Equal(1, SimulatedDisk.From(_disk.PowerCutLosingAll()).Free);      // the old file is back instead
    }

    [Fact]
    public void WriteAside_FailsOrFull_LeavesItShort()
    {
        _disk.FailNext(DiskVerb.Create);
        Assert.Throws<IOException>(() => _disk.WriteAside(File, "12345678"u8));
        Assert.Equal("1234"u8.ToArray(), Read(_disk));
        _disk.Free = 3;
        Assert.Throws<IOException>(() => _disk.WriteAside("/a/2", "12345678"u8));
        Assert.Equal("123"u8.ToArray(), Read(_disk, "/a/2"));
    }

    [Theory, InlineData(DiskVerb.Create), InlineData(DiskVerb.Open), InlineData(DiskVerb.Rename)]
    public void FailNext_ChangesNothingAndEndsByItself(DiskVerb verb)
    {
        Durable();
        Action call = verb switch
        {
            DiskVerb.Create => () => Verbs.CreateSegment("/a/2", Bytes),
            DiskVerb.Open => () => Verbs.OpenSegment(File),
            _ => () => _disk.Rename(File, "/a/2"),
        };
        _disk.FailNext(verb, 2);
        Assert.Throws<IOException>(call);
        Assert.Throws<IOException>(call);
        Assert.Equal([File], _disk.Files);
        call();
        Assert.Equal(2, _disk.Events.Count);
        Assert.Contains($"{verb} call", _disk.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_ByChance_ComeAboutAsOftenAsSaidAndAgainWithTheSameSeed()
    {
        int Count(ulong seed, out string events)
        {
            var disk = new SimulatedDisk(new Choices(seed), new DiskFaults { OpenOneIn = 5 });
            disk.WriteAside("/file", "1"u8);
            for (int i = 0; i < 1000; i++)
            {
                try
                {
                    ((IJournalDisk)disk).OpenRead("/file").Dispose();
                }
                catch (IOException)
                {
                }
            }

            events = string.Join('\n', disk.Events);
            return disk.Events.Count;
        }

        Assert.InRange(Count(1, out string first), 150, 250);
        Count(1, out string second);
        Assert.Equal(first, second);
    }

    [Fact]
    public void Faults_None_NothingIsDrawn()
    {
        var choices = new Choices(1);
        JournalOnDisk.Open(new SimulatedDisk(choices)).Close();
        Assert.Empty(choices.Drawn);
    }

    [Fact]
    public void TryLock_Held_TellsTheOwnerAndNoImageHasIt()
    {
        IJournalLock held = Verbs.TryLock("/a/lock", out string before)!;
        held.WriteOwner("me");
        Assert.Equal("", before);
        Assert.Null(Verbs.TryLock("/a/lock", out string owner));
        Assert.Equal("me", owner);
        IJournalDisk killed = SimulatedDisk.From(_disk.Snapshot());
        Assert.NotNull(killed.TryLock("/a/lock", out owner));
        Assert.Equal("me", owner);
        held.Dispose();
        Assert.NotNull(Verbs.TryLock("/a/lock", out _));
        Assert.Null(killed.TryLock("/a/lock", out _));
    }
}

using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>One journal that appends, syncs and is looked at through the images that a power cut would leave; now and
/// then it goes on with such an image, or with that of a kill.</summary>
internal sealed class PowerCutRun
{
    private const ulong Next = ulong.MaxValue;      // appended to an image after the recovery

    private readonly ulong _seed;
    private readonly Choices _choices;
    private readonly PreparerByHand _preparer = new();
    private readonly JournalSettings _settings;
    private SimulatedDisk _disk;
    private JournalDirectory _journal;
    private int _appended;      // numbers below it were appended, and none is given twice
    private int _synced;        // numbers below it must survive
    private int _images;

    public PowerCutRun(ulong seed)
    {
        _seed = seed;
        _choices = new Choices(seed);
        _settings = JournalOnDisk.Settings(_choices.Pick<int?>([null, 1, 3]), _preparer);
        _disk = JournalOnDisk.NewDisk();
        _journal = JournalOnDisk.Open(_disk, _settings);
    }

    private string Where => $"seed {_seed} image {_images}: ";

    public void End() => _journal.Abandon();

    public void AppendAndCut()
    {
        _images++;
        for (int count = _choices.Draw(12); count > 0; count--)
        {
            _preparer.Run(_choices);
            // Short ones, so that now and then one ends where a record of a lost tail begins.
            int bytes = _choices.Draw(3) == 0 ? _choices.Draw(16_000) : 16 * _choices.Draw(16);
            _journal.Lane(0).Append((ulong)_appended++, bytes);
        }

        if (_choices.Draw(6) == 0)
        {
            _disk.WriteBack(_choices);
        }

        if (_choices.Draw(6) == 0)
        {
            _journal.Lane(0).Sync();
            _synced = _appended;
        }

        DiskImage cut = _disk.PowerCut(_choices);
        int first = Check(cut, out int kept);
        switch (_choices.Draw(10))
        {
            case 1:
                GoOn(cut);
                (_appended, _synced) = (first + kept, first + kept);      // recovery made sure of what it kept
                break;
            case 2:
                GoOn(_disk.Snapshot());
                Assert.Equal(_appended, JournalOnDisk.Numbers(_disk) is [.., ulong last] ? (int)last + 1 : 0);
                break;
            case 3:
                _journal.Close();
                _synced = _appended;
                _journal = JournalOnDisk.Open(_disk, out RecoveryReport report, _settings);
                Assert.True(report.Clean, $"{Where}{report}");
                break;
        }
    }

    private void GoOn(DiskImage image)
    {
        _journal.Abandon();
        _disk = SimulatedDisk.From(image);
        _journal = JournalOnDisk.Open(_disk, _settings);
    }

    // What the retention gave up is not missed.
    private int Check(DiskImage image, out int kept)
    {
        SimulatedDisk disk = SimulatedDisk.From(image);
        int oldest = JournalOnDisk.FirstNumber(_disk);
        List<ulong> readable = JournalOnDisk.Numbers(disk);
        int end = readable.Count == 0 ? 0 : (int)readable[^1] + 1;
        AssertRange(readable, "before the recovery");
        Assert.True(_synced <= Math.Max(oldest, end), $"{Where}{_synced} synced, {end} kept");
        Assert.True(_synced <= oldest || (int)readable.FirstOrDefault() <= oldest, $"{Where}{readable.FirstOrDefault()} is first, not {oldest}");
        Assert.True(end <= _appended, $"{Where}{end} kept of {_appended}");

        JournalDirectory journal = JournalOnDisk.Open(disk, out RecoveryReport report, _settings);
        journal.Lane(0).Append(Next, 100);
        List<ulong> numbers = JournalOnDisk.Numbers(disk);
        Assert.True(numbers is [.., Next], $"{Where}what follows the recovery cannot be read: {disk.Describe()}");
        numbers.RemoveAt(numbers.Count - 1);
        kept = numbers.Count;
        AssertRange(numbers, report.ToString());
        Assert.True(kept == 0 || (int)numbers[^1] + 1 >= end, $"{Where}{end} before the recovery, {numbers.LastOrDefault()} after");
        Assert.True(_settings.RetainSegments is not null || (kept == end && numbers.FirstOrDefault() == 0),
            $"{Where}{end} before the recovery, {kept} after");
        journal.Abandon();
        return kept == 0 ? end : (int)numbers[0];
    }

    private void AssertRange(List<ulong> numbers, string what) =>
        Assert.True(numbers.Count == 0 || JournalOnDisk.Range((int)numbers[0], numbers.Count).SequenceEqual(numbers),
            $"{Where}a gap {what}: {string.Join(',', numbers)}");
}

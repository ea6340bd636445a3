using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>One journal that appends, syncs and is looked at through the images that a power cut would leave; now and
/// then it goes on with such an image, with that of a kill, or after a closing.</summary>
internal sealed class PowerCutRun
{
    private const ulong Next = ulong.MaxValue;      // appended to an image after the recovery

    private readonly ulong _seed;
    private readonly Choices _choices;
    private readonly DiskFaults _faults;
    private readonly PreparerByHand _preparer = new();
    private readonly JournalSettings _settings;
    private readonly List<ulong> _lane = [];      // the numbers that the lane should have; none is ever given twice
    private SimulatedDisk _disk;
    private JournalDirectory _journal;
    private ulong _number;
    private int _synced;      // so many of them must survive
    private int _images;

    public PowerCutRun(ulong seed)
    {
        _seed = seed;
        _choices = new Choices(seed);
        _settings = JournalOnDisk.Settings(_choices.Pick<int?>([null, 1, 3]), _preparer);
        _faults = new DiskFaults { NamesInAnyOrder = _choices.Draw(2) == 1 };
        _disk = new SimulatedDisk(faults: _faults);
        _journal = JournalOnDisk.Open(_disk, _settings);
    }

    private string Where => $"seed {_seed} image {_images}: ";

    public void End() => _journal.Abandon();

    public void AppendAndCut()
    {
        _images++;
        Append(_choices.Draw(12));
        if (_choices.Draw(6) == 0)
        {
            _disk.WriteBack(_choices);
        }

        if (_choices.Draw(6) == 0)
        {
            _journal.Lane(0).Sync();
            _synced = _lane.Count;
        }

        DiskImage cut = _disk.PowerCut(_choices);
        int kept = Check(cut);
        switch (_choices.Draw(10))
        {
            case < 3:
                GoOn(cut);
                _lane.RemoveRange(kept, _lane.Count - kept);
                _synced = kept;      // recovery read it from the device
                break;
            case 3:
                GoOn(_disk.Snapshot());
                Assert.Equal(_lane.LastOrDefault(), JournalOnDisk.Numbers(_disk).LastOrDefault());
                break;
            case 4:
                _journal.Close();
                _synced = _lane.Count;
                _journal = JournalOnDisk.Open(_disk, out RecoveryReport report, _settings);
                Assert.True(report.Clean, $"{Where}{report}");
                break;
        }
    }

    private void Append(int count)
    {
        for (; count > 0; count--)
        {
            _preparer.Run(_choices);
            // Short ones, so that now and then one ends where a record of a lost tail begins.
            int bytes = _choices.Draw(3) == 0 ? _choices.Draw(16_000) : 16 * _choices.Draw(8);
            _lane.Add(++_number);
            _journal.Lane(0).Append(_number, bytes);
        }
    }

    private void GoOn(DiskImage image)
    {
        _journal.Abandon();
        _disk = SimulatedDisk.From(image, faults: _faults);
        _journal = JournalOnDisk.Open(_disk, _settings);
    }

    // How many numbers of the lane there are up to the last one kept. What the retention gave up is not missed.
    private int Check(DiskImage image)
    {
        SimulatedDisk disk = SimulatedDisk.From(image);
        int oldest = Math.Max(0, _lane.IndexOf(JournalOnDisk.FirstNumber(_disk)));
        (int first, int end) = Place(JournalOnDisk.Numbers(disk), "before the recovery");
        Assert.True(_synced <= Math.Max(oldest, end), $"{Where}{_synced} synced, {end} kept");
        Assert.True(_synced <= oldest || first <= oldest, $"{Where}{first} is first, not {oldest}");

        JournalDirectory journal = JournalOnDisk.Open(disk, out RecoveryReport report, _settings);
        journal.Lane(0).Append(Next, 100);
        List<ulong> numbers = JournalOnDisk.Numbers(disk);
        journal.Abandon();
        Assert.True(numbers is [.., Next], $"{Where}what follows the recovery cannot be read: {disk.Describe()}");
        numbers.RemoveAt(numbers.Count - 1);
        (int recovered, int kept) = Place(numbers, $"{report}");
        Assert.True(numbers.Count == 0 || kept >= end, $"{Where}{end} before the recovery, {kept} after");
        Assert.True(_settings.Retention.IsBounded || (recovered, kept) == (0, end),
            $"{Where}{end} before the recovery, {recovered} to {kept} after");
        return Math.Max(kept, end);
    }

    private (int First, int End) Place(List<ulong> numbers, string what)
    {
        int first = numbers.Count == 0 ? 0 : _lane.IndexOf(numbers[0]);
        Assert.True(first >= 0 && _lane.Skip(first).Take(numbers.Count).SequenceEqual(numbers),
            $"{Where}no part of the lane {what}: {string.Join(',', numbers)} in {string.Join(',', _lane)}");
        return (first, first + numbers.Count);
    }
}

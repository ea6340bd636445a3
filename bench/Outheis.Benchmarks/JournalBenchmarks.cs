using System.Runtime.InteropServices;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>
/// 64 bytes into the journal of a core, with header and checksum, beside the same bytes through a channel.
/// </summary>
[MemoryDiagnoser]
public unsafe class JournalBenchmarks
{
    private readonly Channel<Block> _channel = Channel.CreateBounded<Block>(
        new BoundedChannelOptions(Channels.Capacity) { SingleReader = true, SingleWriter = true });

    private string _path = "";
    private JournalDirectory _directory = null!;
    private JournalLane _lane = null!;
    private Block _block;

    [GlobalSetup]
    public void Open()
    {
        _path = Directory.CreateTempSubdirectory("outheis-benchmarks-").FullName;
        var settings = new JournalSettings
        {
            Lanes = 1,
            SegmentBytes = Limits.SegmentBytes,
            Retention = JournalRetention.KeepBytes(4L * Limits.SegmentBytes),
        };
        _directory = JournalDirectory.Open(
            _path, settings, SystemJournalDisk.Instance, TimeProvider.System, out _);
        _lane = _directory.Lane(0);
        _block.Number = 1;
    }

    [GlobalCleanup]
    public void Close()
    {
        _directory.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public Block Channel_WriteRead64()
    {
        _channel.Writer.TryWrite(_block);
        _channel.Reader.TryRead(out Block block);
        return block;
    }

    [Benchmark]
    public long Journal_Append64()
    {
        if (!_lane.TryReserve(sizeof(Block))) throw new IOException("the journal has no room");
        RecordHeader* header = _lane.Begin(sizeof(Block));
        header->Describe(JournalKind.Sent, qos: 0, RecordFlags.None, typeId: 0);
        header->Route(sender: 1, target: 2, capability: 3, chain: 4);
        header->Badge = 0;
        header->Cause = 0;
        *(Block*)(header + 1) = _block;
        return _lane.Commit(header, sizeof(Block));
    }

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    public struct Block
    {
        public long Number;
    }
}

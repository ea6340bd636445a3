using FASTER.core;
using Outheis.Bench.Parts;

namespace Outheis.Bench.Systems;

/// <summary>
/// FasterLog on its own local device in a temporary directory: enqueue on one thread, flushed by the log
/// itself as pages fill, no commit inside the clock and no checksum, its default. Each round is committed
/// after the clock has stopped, read back, checked and truncated, so the disk holds one round at most.
/// </summary>
internal sealed class FasterSystem : ISystem
{
    public string Name => "faster";

    public IReadOnlyList<string> Variants { get; } = ["default"];

    public bool Supports(Shape shape, string variant) => shape.Kind == ShapeKind.Append;

    public ShapeRun Open(Shape shape, string variant, Round round)
    {
        string directory = Directory.CreateTempSubdirectory("outheis-bench-faster-").FullName;
        var settings = new FasterLogSettings(directory) { SegmentSize = 64 << 20 };
        var log = new FasterLog(settings);
        byte[] buffer = new byte[Record64.Bytes];
        return new ShapeRun(
            () => Append(log, buffer, round),
            () =>
            {
                log.Dispose();
                settings.Dispose();
                Directory.Delete(directory, recursive: true);
                return ValueTask.CompletedTask;
            });
    }

    private static void Append(FasterLog log, byte[] buffer, Round round)
    {
        for (long number = 1; number <= round.Operations; number++)
        {
            Record64.Write(buffer, number);
            log.Enqueue((ReadOnlySpan<byte>)buffer);
        }
        round.Stop();
        log.Commit(spinWait: true);
        var check = new Record64.Check();
        using (FasterLogScanIterator scan = log.Scan(log.BeginAddress, log.TailAddress))
        {
            while (scan.GetNext(out byte[] entry, out int bytes, out _)) check.Take(entry.AsSpan(0, bytes));
        }
        log.TruncateUntil(log.TailAddress);
        log.Commit(spinWait: true);
        check.Report(round);
    }
}

using Outheis.Bench.Parts;

namespace Outheis.Bench.Latency;

/// <summary>The machine's own noise: two pinned threads that do nothing else, and a ring.</summary>
internal sealed class BareLatency : ILatencySystem
{
    private const int Cells = 1024;

    public string Name => LatencySpeed.Bare;

    public void Run(Schedule schedule, Receipts receipts, TimeSpan deadline)
    {
        var ring = new CellRing(Cells, 1);
        bool isOver = false;
        Thread receiver = PinnedThread.Start(1, "bench 1", () =>
        {
            while (!Volatile.Read(ref isOver))
            {
                if (ring.TryRead(out long intended)) receipts.Receive(intended);
                else Thread.SpinWait(1);
            }
        });
        Thread sender = PinnedThread.Start(0, "bench 0", () =>
        {
            schedule.Start();
            while (!schedule.IsOver && !Volatile.Read(ref isOver))
            {
                if (schedule.IsDue(out long intended) && ring.TryWrite(intended)) schedule.Advance();
                else Thread.SpinWait(1);
            }
        });
        try
        {
            receipts.Complete(Name, deadline);
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            sender.Join();
            receiver.Join();
        }
    }
}

using System.Threading.Channels;
using Outheis.Bench.Systems;

namespace Outheis.Bench.Latency;

/// <summary>A bounded channel, a loop on the pool that writes what is due and one that reads.</summary>
internal sealed class ChannelLatency : ILatencySystem
{
    public string Name => "channel";

    public void Run(Schedule schedule, Receipts receipts, TimeSpan deadline)
    {
        Channel<long> channel = Channel.CreateBounded<long>(
            new BoundedChannelOptions(ChannelSystem.Capacity) { SingleReader = true, SingleWriter = true });
        Task reader = Task.Run(async () =>
        {
            while (await channel.Reader.WaitToReadAsync())
            {
                while (channel.Reader.TryRead(out long intended)) receipts.Receive(intended);
            }
        });
        Task writer = Task.Run(async () =>
        {
            schedule.Start();
            while (!schedule.IsOver)
            {
                if (!schedule.IsDue(out long intended))
                {
                    Thread.SpinWait(1);
                    continue;
                }
                if (!channel.Writer.TryWrite(intended)) await channel.Writer.WriteAsync(intended);
                schedule.Advance();
            }
            channel.Writer.Complete();
        });
        receipts.Complete(Name, deadline);
        Task.WaitAll(reader, writer);
    }
}

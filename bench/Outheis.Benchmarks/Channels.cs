using System.Threading.Channels;

namespace Outheis.Benchmarks;

/// <summary>
/// The baseline: a bounded channel of System.Threading.Channels with an asynchronous reader.
/// </summary>
internal static class Channels
{
    public const int Capacity = 1024;

    public static Channel<long> Bounded(bool singleWriter) => Channel.CreateBounded<long>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = singleWriter });

    public static async Task ReadAll(ChannelReader<long> reader, Action<long> receive)
    {
        while (await reader.WaitToReadAsync())
        {
            while (reader.TryRead(out long value)) receive(value);
        }
    }
}

namespace Outheis.Bench.Latency;

/// <summary>One of the systems under the same load.</summary>
internal interface ILatencySystem
{
    string Name { get; }

    /// <summary>Sends by the schedule from one core to the other until the receiver has everything.</summary>
    void Run(Schedule schedule, Receipts receipts, TimeSpan deadline);
}

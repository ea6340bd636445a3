namespace Outheis.Testing;

/// <summary>The workloads that come with this package: what the kernel itself is tested with.</summary>
public static class BuiltInWorkloads
{
    /// <summary>All of them, in the order in which the tool takes them.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new Flood(),
        new Transfers(),
        new Chains(),
        new MovedChains(),
        new Asks(),
        new Restarts(),
        new CapabilityChurn(),
        new Kill(),
        new Power(),
        new MovedLives(),
        new Durable(),
        new Accounts(),
        new DurableTimers(),
        new FullDisk(),
        new Stop(),
        new SlowReader(),
        new Bands(),
        new Override(),
        new Offloads(),
        new Barriers(),
        new Exclusions(),
        new Budgets(),
        new Streams(),
    ];

    /// <summary>Real talk: each nick an agent, each addressed line a message.</summary>
    /// <param name="folder">Logs with lines like <c>[04:59] &lt;nick&gt; text</c>, one file a day.</param>
    /// <exception cref="FileNotFoundException">There is no such file, <c>*.raw.txt</c>, in the folder.</exception>
    public static Workload Irc(string folder) => ChatLog.FilesIn(folder).Length > 0
        ? new Irc(folder)
        : throw new FileNotFoundException($"There are no chat logs (*.raw.txt) in {folder}.");
}

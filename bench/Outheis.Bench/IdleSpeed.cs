using System.Globalization;

namespace Outheis.Bench;

/// <summary>What a kernel with 1,000 agents and nothing to do takes of the processors; and that it still
/// answers.</summary>
internal static class IdleSpeed
{
    public const string Usage = "usage: idle [--seconds N]";

    private const int Agents = 1000;
    private const double PercentMost = 0.1;

    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);      // what is still compiled is not idling

    public static bool TryParse(ReadOnlySpan<string> arguments, out int seconds)
    {
        seconds = 60;
        return arguments.IsEmpty || (arguments is ["--seconds", var given]
            && int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds > 0);
    }

    public static void Measure(int seconds, TextWriter output)
    {
        using var all = new CountdownEvent(Agents);
        Kernel kernel = Kernel.Start(new KernelOptions { Cores = Math.Min(2, Environment.ProcessorCount) });
        try
        {
            Capability<Poke>[] pokes = [.. Enumerable.Range(0, Agents).Select(
                _ => kernel.Grant<Poke>(kernel.Spawn("idle", () => new Idler(all))))];
            PokeAll(pokes, all);
            Thread.Sleep(Settle);
            TimeSpan used = Environment.CpuUsage.TotalTime;
            Thread.Sleep(TimeSpan.FromSeconds(seconds));
            used = Environment.CpuUsage.TotalTime - used;
            PokeAll(pokes, all);
            double percent = 100 * used.TotalSeconds / seconds;
            string verdict = percent <= PercentMost ? "kept" : "MISSED";
            output.WriteLine(Machine.Describe());
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Agents:N0} agents, idle for {seconds} s: {percent:0.000} % of a core ")
                + string.Create(CultureInfo.InvariantCulture, $"(at most {PercentMost} %: {verdict})"));
        }
        finally
        {
            kernel.StopAsync().GetAwaiter().GetResult();
        }
    }

    private static void PokeAll(Capability<Poke>[] pokes, CountdownEvent all)
    {
        all.Reset();
        foreach (Capability<Poke> poke in pokes) Systems.OutheisSystem.Must(poke.Send(default));
        if (!all.Wait(TimeSpan.FromSeconds(30)))
            throw new WrongResultException($"idle: {all.CurrentCount} of {Agents} agents do not answer.", null);
    }

    private readonly record struct Poke;

    private sealed class Idler(CountdownEvent all) : Agent, IHandle<Poke>
    {
        public void Handle(in Poke message, Context context) => all.Signal();
    }
}

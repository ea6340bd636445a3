namespace Outheis.Bench;

/// <summary>
/// Runs the shapes, the systems of each in turn: discarded runs of all until little is compiled in them, then the
/// counted ones, each time beginning with another system. A run opens its system, warms it up with a small load,
/// measures one load and closes it, so no system is measured in the company of another's threads. To be called from a
/// thread that may block.
/// </summary>
internal sealed class PeerRunner(PeersOptions options, TimeSpan deadline)
{
    private const int SettlingMost = 12;      // rounds; the ring takes eight

    public IEnumerable<IReadOnlyList<Result>> Run()
    {
        foreach (Shape shape in options.Shapes)
        {
            List<Entrant> entrants = EntrantsOf(shape);
            if (entrants.Count > 0) yield return Run(shape, entrants);
        }
    }

    private List<Entrant> EntrantsOf(Shape shape) =>
    [
        .. from system in options.Systems
           from variant in system.Variants
           where system.Supports(shape, variant)
           select new Entrant(system, variant, []),
    ];

    private List<Result> Run(Shape shape, List<Entrant> entrants)
    {
        Settling.Run(options.Scale == Scale.Full ? SettlingMost : 1, () =>
        {
            foreach (Entrant entrant in entrants) Measure(shape, entrant);
        });
        for (int run = 0; run < options.Runs; run++)
        {
            for (int i = 0; i < entrants.Count; i++)
            {
                Entrant entrant = entrants[(run + i) % entrants.Count];
                entrant.Samples.Add(Measure(shape, entrant));
            }
        }
        return [.. entrants.Select(one => new Result(shape, one.System.Name, one.Variant, one.Samples))];
    }

    private Sample Measure(Shape shape, Entrant entrant)
    {
        using var round = new Round(shape);
        ShapeRun run = entrant.System.Open(shape, entrant.Variant, round);
        try
        {
            string who = $"{entrant.System.Name} ({entrant.Variant})";
            Execute(run, round, shape.WarmUp(options.Scale), who);
            return shape.Kind == ShapeKind.Idle ? MeasureIdle(run, round, who) : MeasureLoad(run, round, who);
        }
        finally
        {
            run.Close();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private Sample MeasureLoad(ShapeRun run, Round round, string who)
    {
        double operations = round.Shape.Load(options.Scale);
        long live = GC.GetTotalMemory(forceFullCollection: true);
        long checksum = Execute(run, round, round.Shape.Load(options.Scale), who);
        long allocated = round.TakeAllocatedBytes();
        if (round.Shape.Kind == ShapeKind.Spawn) live = GC.GetTotalMemory(forceFullCollection: true) - live;
        else live = 0;
        double nanoseconds = round.Elapsed.TotalNanoseconds / operations;
        return new Sample(nanoseconds, allocated / operations, live / operations, checksum);
    }

    /// <summary>
    /// Every agent gets a message, then nothing for a while, then another one, to show that all are still
    /// there.
    /// </summary>
    private Sample MeasureIdle(ShapeRun run, Round round, string who)
    {
        TimeSpan watch = TimeSpan.FromMilliseconds(round.Shape.Load(options.Scale));
        GC.Collect();
        Thread.Sleep(watch / 2);                     // what the warm-up left to compile is not idling
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        TimeSpan used = Environment.CpuUsage.TotalTime;
        Thread.Sleep(watch);
        used = Environment.CpuUsage.TotalTime - used;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        long checksum = Execute(run, round, round.Shape.Load(options.Scale), who);
        return new Sample(100 * (used / watch), allocated / watch.TotalMilliseconds, 0, checksum);
    }

    private long Execute(ShapeRun run, Round round, long operations, string who)
    {
        round.Arm(operations);
        run.Start();
        return round.Complete(who, deadline);
    }

    private sealed record Entrant(ISystem System, string Variant, List<Sample> Samples);
}

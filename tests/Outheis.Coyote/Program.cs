using Outheis.Coyote;

using var e = new Explorer();
foreach (string s in args.Length > 1 ? args[1..] : Scenario.Names)
    foreach (Strategy y in Enum.GetValues<Strategy>())
{
    var x = e.Explore(s, y, int.Parse(args[0]), 1);
    Console.WriteLine($"{s,-25} {y,-10} {x.Schedules} steps {x.StepsMost} {x.Time.TotalSeconds:f1} {x.Failure} {x.Trace?.Length}");
}

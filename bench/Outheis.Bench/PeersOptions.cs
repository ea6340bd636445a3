using System.Globalization;
using Outheis.Bench.Systems;

namespace Outheis.Bench;

/// <summary>
/// What <c>peers</c> was asked to do. Parsing ends in options or in one sentence saying what was not
/// understood.
/// </summary>
internal sealed record PeersOptions(
    IReadOnlyList<Shape> Shapes, IReadOnlyList<ISystem> Systems, int Runs, bool Json, Scale Scale)
{
    public const string Usage =
        "usage: peers [--shapes a,b] [--systems x,y] [--runs N] [--scale smoke|full] [--json]";

    private const int RunsMax = 1000;
    private const int RunsSmoke = 1;
    private const int RunsFull = 7;

    public static bool TryParse(
        ReadOnlySpan<string> arguments, out PeersOptions options, out string complaint)
    {
        options = new PeersOptions(Shape.All, AllSystems.Create(), 0, Json: false, Scale.Full);
        for (int i = 0; i < arguments.Length; i++)
        {
            string flag = arguments[i];
            if (flag == "--json")
            {
                options = options with { Json = true };
                continue;
            }
            if (flag is not ("--shapes" or "--systems" or "--runs" or "--scale"))
                return Complain($"Unknown argument '{flag}'; {Usage}", out complaint);
            if (++i == arguments.Length) return Complain($"{flag} needs a value; {Usage}", out complaint);
            if (!options.TryTake(flag, arguments[i], out options, out complaint)) return false;
        }
        int runs = options.Scale == Scale.Full ? RunsFull : RunsSmoke;
        if (options.Runs == 0) options = options with { Runs = runs };
        complaint = "";
        return true;
    }

    private bool TryTake(string flag, string value, out PeersOptions options, out string complaint)
    {
        options = this;
        complaint = "";
        switch (flag)
        {
            case "--shapes":
                bool exist = TryPick("shape", value, Shapes, s => s.Name, out var shapes, out complaint);
                options = this with { Shapes = shapes };
                return exist;
            case "--systems":
                bool known = TryPick("system", value, Systems, s => s.Name, out var systems, out complaint);
                options = this with { Systems = systems };
                return known;
            case "--runs":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int runs)
                    || runs is < 1 or > RunsMax)
                {
                    return Complain($"--runs takes 1 to {RunsMax}, not '{value}'.", out complaint);
                }
                options = this with { Runs = runs };
                return true;
            default:
                if (value is not ("smoke" or "full"))
                    return Complain($"--scale takes smoke or full, not '{value}'.", out complaint);
                options = this with { Scale = value == "full" ? Scale.Full : Scale.Smoke };
                return true;
        }
    }

    private static bool TryPick<T>(
        string what, string names, IReadOnlyList<T> all, Func<T, string> nameOf,
        out List<T> picked, out string complaint)
    {
        picked = [];
        complaint = "";
        string known = string.Join(", ", all.Select(nameOf));
        foreach (string name in names.Split(','))
        {
            T? one = all.FirstOrDefault(candidate => nameOf(candidate) == name);
            if (one is null) return Complain($"Unknown {what} '{name}'; there are {known}.", out complaint);
            if (!picked.Contains(one)) picked.Add(one);
        }
        return true;
    }

    private static bool Complain(string sentence, out string complaint)
    {
        complaint = sentence;
        return false;
    }
}

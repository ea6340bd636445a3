namespace Outheis.Bench;

internal enum ShapeKind { Ring, PingPong, Stream, FanIn, Ask, Spawn, Skynet, Append, Idle }

/// <summary>
/// Where the two ends of a shape live. Systems without placement of their own treat OneCore and TwoCores
/// alike.
/// </summary>
internal enum Route { OneCore, TwoCores, Host }

internal enum Scale { Tiny, Smoke, Full }

/// <summary>
/// One row of the benchmark: who talks to whom, and how much of it. Loads are operations of the row's unit:
/// hops, round trips, messages, asks, agents, records; for idle, milliseconds of watching.
/// </summary>
internal sealed record Shape(
    string Name, ShapeKind Kind, Route Route, string Unit, int Agents, int Tokens,
    long Tiny, long Smoke, long Full)
{
    public static readonly IReadOnlyList<Shape> All =
    [
        new("ring-1000x1", ShapeKind.Ring, Route.TwoCores, "ns/hop", 1000, 1, 2_000, 50_000, 500_000),
        new("ring-1000x1000", ShapeKind.Ring, Route.TwoCores, "ns/hop", 1000, 1000,
            1_000_000, 1_000_000, 10_000_000),
        new("ping-pong-local", ShapeKind.PingPong, Route.OneCore, "ns/round-trip", 2, 1,
            1_000, 50_000, 500_000),
        new("ping-pong-cross", ShapeKind.PingPong, Route.TwoCores, "ns/round-trip", 2, 1,
            1_000, 50_000, 500_000),
        new("stream-1to1", ShapeKind.Stream, Route.TwoCores, "ns/message", 2, 1, 5_000, 300_000, 5_000_000),
        new("stream-host", ShapeKind.Stream, Route.Host, "ns/message", 1, 1, 5_000, 300_000, 5_000_000),
        new("fan-in-2to1", ShapeKind.FanIn, Route.TwoCores, "ns/message", 3, 2, 5_000, 300_000, 5_000_000),
        new("ask-agent", ShapeKind.Ask, Route.OneCore, "ns/ask", 2, 1, 1_000, 20_000, 200_000),
        new("ask-host", ShapeKind.Ask, Route.Host, "ns/ask", 1, 1, 1_000, 20_000, 200_000),
        new("spawn", ShapeKind.Spawn, Route.Host, "ns/agent", 0, 0, 1_000, 10_000, 100_000),
        new("skynet", ShapeKind.Skynet, Route.Host, "ns/agent", 0, 0, 1_111, 11_111, 1_111_111),
        new("append-64", ShapeKind.Append, Route.OneCore, "ns/record", 0, 0, 10_000, 200_000, 4_000_000),
        new("idle", ShapeKind.Idle, Route.Host, "% of a core", 1000, 0, 50, 500, 2_000),
    ];

    /// <summary>How many parties report what they received, once each, before a round is over.</summary>
    public int Reporters => Kind switch
    {
        ShapeKind.Ring or ShapeKind.Idle => Agents,
        ShapeKind.PingPong => 2,
        _ => 1,
    };

    public long Load(Scale scale) => scale switch { Scale.Tiny => Tiny, Scale.Smoke => Smoke, _ => Full };

    /// <summary>
    /// Enough to fill pools and grow tables before the clock starts, and a whole number of laps.
    /// </summary>
    public long WarmUp(Scale scale) => Kind switch
    {
        ShapeKind.Ring => Math.Max((long)Agents * Tokens, Load(scale) * 4 / 10),      // a journal goes round once
        ShapeKind.Append => Load(scale),                                              // likewise
        _ => Load(scale) / 10,
    };

    public long Laps(long operations) => operations / ((long)Agents * Tokens);

    /// <summary>What all receivers together must have counted after <paramref name="operations"/>.</summary>
    public long ExpectedCount(long operations) => Kind switch
    {
        ShapeKind.PingPong => 2 * operations,
        ShapeKind.Idle => Agents,
        ShapeKind.Skynet => 1,
        _ => operations,
    };

    /// <summary>What all receivers together must have added up.</summary>
    public long ExpectedChecksum(long operations) => Kind switch
    {
        ShapeKind.Ring => Laps(operations) * Agents * SumTo(Tokens),
        ShapeKind.PingPong => 2 * Parts.Player.SumOfBalls(operations),
        ShapeKind.FanIn => Tokens * SumTo(operations / Tokens),
        ShapeKind.Ask => 3 * SumTo(operations) + operations,
        ShapeKind.Idle => SumTo(Agents),
        ShapeKind.Skynet => SumTo(Parts.Branch.LeavesOf(operations) - 1),
        _ => SumTo(operations),
    };

    private static long SumTo(long n) => n * (n + 1) / 2;
}

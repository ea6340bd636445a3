using Xunit;

namespace Outheis.Testing.Tests;

/// <summary>Real talk, where it is at hand; and how its lines are read, everywhere.</summary>
public sealed class IrcTests
{
    private const ulong Seeds = 40;

    [Fact]
    public void Irc_RealLogsAnySeed_EveryLineIsHeardOnceInOrder()
    {
        Workload workload = BuiltInWorkloads.Irc(RealLogs());
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            WorkloadResult result = WorkloadRunner.Run(workload, seed);
            Assert.True(result.Failure is null, result.Failure?.Message);
        }
    }

    [Fact]
    public void Parse_LinesOfALog_KnowsWhoSpeaksToWhom()
    {
        ChatLog log = ChatLog.Parse(
        [
            "[04:59] <ra> ok, so try it",
            "=== ann [~ann@example.org]  has joined #room",
            "[05:00] <ann> ra: a: <b> c",
            "[05:00]  * ann waves",
            "[05:01] <ann> ra, again",
            "[05:01] <ann> nobody: not here",
        ]);

        Assert.Equal(
            [
                new ChatLine(0, "ra", null, "ok, so try it"), new ChatLine(1, "ann", "ra", "ra: a: <b> c"),
                new ChatLine(2, "ann", "ra", "ra, again"), new ChatLine(3, "ann", null, "nobody: not here"),
            ],
            log.Lines);
    }

    internal static string RealLogs()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Outheis.sln")))
        {
            folder = folder.Parent;
        }

        string path = Path.GetFullPath(Path.Combine(folder?.FullName ?? ".", "..", "shared", "data", "irc"));
        Assert.SkipUnless(Directory.Exists(path), $"The real chat logs are not at {path}.");
        return path;
    }
}

using Outheis.Bench.Systems;
using Xunit;

namespace Outheis.Bench.Tests;

[Collection("in turn")]
public sealed class PeerRunnerTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static TheoryData<string, string, string> Everything()
    {
        var data = new TheoryData<string, string, string>();
        foreach (Shape shape in Shape.All)
        {
            foreach (ISystem system in AllSystems.Create())
            {
                foreach (string variant in system.Variants)
                {
                    if (system.Supports(shape, variant)) data.Add(shape.Name, system.Name, variant);
                }
            }
        }
        return data;
    }

    /// <summary>
    /// Every shape, every system, tiny, checksum right: the runner throws on a lost or misplaced message.
    /// </summary>
    [Theory, MemberData(nameof(Everything))]
    public async Task Run_Tiny_EveryReceiverGotEverything(string shape, string system, string variant)
    {
        Result result = Assert.Single(await RunAsync(shape, new Only(SystemNamed(system), variant)));

        Assert.Equal(variant, result.Variant);
        Assert.Equal(result.Shape.ExpectedChecksum(result.Shape.Tiny), result.Checksum);
        Assert.True(result.Min >= 0 && result.Min <= result.Median && result.Median <= result.Max);
    }

    [Theory]
    [InlineData(Lie.Lost, "4999 messages received, 5000 sent")]
    [InlineData(Lie.Swapped, "out of order")]
    [InlineData(Lie.Forged, "checksum")]
    [InlineData(Lie.Thrown, "a lie")]
    public async Task Run_WrongDelivery_IsNamed(Lie lie, string complaint)
    {
        var wrong = await Assert.ThrowsAsync<WrongResultException>(
            () => RunAsync("stream-1to1", new LyingSystem(lie)));

        Assert.Contains(complaint, wrong.Message, StringComparison.Ordinal);
        Assert.Contains("stream-1to1 on liar", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Silence_EndsAtTheDeadline()
    {
        var wrong = await Assert.ThrowsAsync<WrongResultException>(
            () => RunAsync("stream-1to1", new LyingSystem(Lie.Silent), TimeSpan.FromMilliseconds(50)));

        Assert.Contains("1 of 1 receivers have not reported", wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>On a thread of its own, because the runner blocks and the peers need the pool's.</summary>
    private static Task<List<Result>> RunAsync(string shape, ISystem system, TimeSpan? deadline = null)
    {
        Shape[] shapes = [Shape.All.Single(one => one.Name == shape)];
        var options = new PeersOptions(shapes, [system], 1, Json: false, Scale.Tiny);
        return Task.Factory.StartNew(
            () => new PeerRunner(options, deadline ?? Deadline).Run().SelectMany(results => results).ToList(),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static ISystem SystemNamed(string name) =>
        AllSystems.Create().Single(system => system.Name == name);

    private sealed class Only(ISystem system, string variant) : ISystem
    {
        public string Name => system.Name;

        public IReadOnlyList<string> Variants => [variant];

        public bool Supports(Shape shape, string variant) => system.Supports(shape, variant);

        public ShapeRun Open(Shape shape, string variant, Round round) => system.Open(shape, variant, round);
    }
}

using System.Reflection;
using Xunit;

namespace Outheis.Tests;

/// <summary>Routes: a number for each way to a handler, and what becomes of messages that nobody handles.</summary>
public sealed class RouteTests
{
    private struct Deeper<T>;

    [Fact]
    public void Of_ManyMoreThanTheTableStartsWith_EachIsFoundByItsNumber()
    {
        Type type = typeof(int);
        List<Route> routes = [];
        for (int i = 0; i < 70; i++)      // the table starts with 64
        {
            type = typeof(Deeper<>).MakeGenericType(type);
            FieldInfo instance = typeof(HandleRoute<>).MakeGenericType(type).GetField("Instance")!;
            routes.Add((Route)instance.GetValue(null)!);
        }

        Assert.All(routes, route => Assert.Same(route, Route.Of(route.Index)));
        Assert.Equal(routes.Count, routes.Select(route => route.Index).Distinct().Count());
    }

    // Boxed, and used by this test alone: their pools hold what it puts there.
    private record struct Prompt(string Text);

    private record struct Slow(string Text);

    private sealed class Everything
        : Agent, IHandle<Prompt>, IHandleAsync<Slow>, IAnswer<Prompt, int>, IAnswerAsync<Slow, int>
    {
        public void Handle(in Prompt message, Context context) => context.Stop();

        public ValueTask HandleAsync(Slow message, AgentContext context, CancellationToken token) => default;

        public int Answer(in Prompt request, Context context) => 1;

        public ValueTask<int> AnswerAsync(Slow request, AgentContext context, CancellationToken token) => new(2);
    }

    /// <summary>The first message ends the agent; the rest, one of each way, is buried with its box, and who asks is
    /// told.</summary>
    [Fact]
    public void Bury_AMessageOfEachWay_GivesBackItsBoxAndTellsTheAsker()
    {
        using var world = new StepKernel(cores: 1);
        Kernel kernel = world.Kernel;
        AgentId agent = kernel.Spawn(new Everything());
        HashSet<object> prompts = Boxes<Prompt>(3), slow = Boxes<Slow>(2);
        kernel.Grant<Prompt>(agent).SendAll([new Prompt("last"), new Prompt("never")]);
        kernel.Grant<Slow>(agent).SendAll([new Slow("never")]);
        Task<int>[] asks =
        [
            kernel.GrantAsk<Prompt, int>(agent).AskAsync(new Prompt("never")).AsTask(),
            kernel.GrantAsk<Slow, int>(agent).AskAsync(new Slow("never")).AsTask(),
        ];
        world.Run();
        Assert.Equal(4, kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
        Assert.All(asks, ask =>
            Assert.Equal(AskOutcome.Dead, Assert.Throws<AskException>(() => world.Result(ask)).Outcome));
        Assert.Equal(0, world.CoreAt(0).Cells.InUse);
        Assert.True(prompts.SetEquals(Boxes<Prompt>(3)) && slow.SetEquals(Boxes<Slow>(2)));
    }

    /// <summary>Takes some boxes out of their pool, sees that they are empty, and puts them back.</summary>
    private static HashSet<object> Boxes<T>(int count)
    {
        PooledBox<T>[] boxes = [.. Enumerable.Range(0, count).Select(_ => PooledBox<T>.Pool.Get())];
        Assert.All(boxes, box => Assert.Equal(default, box.Value));
        Array.ForEach(boxes, PooledBox<T>.Pool.Return);
        return [.. boxes];
    }

    [Fact]
    public void Routes_OfTheKernelsOwnSignals_AreUnderstoodByNoAgent()
    {
        var agent = new Everything();
        Assert.False(ReplyRoute<int>.Instance.IsUnderstoodBy(agent));
        Assert.False(FailureRoute.Instance.IsUnderstoodBy(agent));
        Assert.False(WithdrawalRoute.Instance.IsUnderstoodBy(agent));
        Assert.True(HandleRoute<Prompt>.Instance.IsUnderstoodBy(agent));
        Assert.True(HandleAsyncRoute<Slow>.Instance.IsUnderstoodBy(agent));
        Assert.True(AnswerRoute<Prompt, int>.Instance.IsUnderstoodBy(agent));
        Assert.True(AnswerAsyncRoute<Slow, int>.Instance.IsUnderstoodBy(agent));
        Assert.False(HandleRoute<int>.Instance.IsUnderstoodBy(agent));
    }
}

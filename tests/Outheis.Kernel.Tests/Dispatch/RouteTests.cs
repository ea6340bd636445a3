using System.Reflection;
using Outheis.Testing.Generators;
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

    private sealed class Everything
        : Agent, IHandle<BoxedMessage>, IHandleAsync<NamedMessage>, IAnswer<BoxedMessage, int>,
            IAnswerAsync<NamedMessage, int>
    {
        public void Handle(in BoxedMessage message, Context context) => context.Stop();

        public ValueTask HandleAsync(NamedMessage message, AgentContext context, CancellationToken token) => default;

        public int Answer(in BoxedMessage request, Context context) => 1;

        public ValueTask<int> AnswerAsync(NamedMessage request, AgentContext context, CancellationToken token) =>
            new(2);
    }

    /// <summary>The first message ends the agent; the rest, one of each way, is buried with its box, and who asks is
    /// told.</summary>
    [Fact]
    public void Bury_AMessageOfEachWay_GivesBackItsBoxAndTellsTheAsker()
    {
        using var world = new StepKernel(cores: 1);
        Kernel kernel = world.Kernel;
        AgentId agent = kernel.Spawn(new Everything());
        var boxed = new BoxedMessage(1, 2, 3, 4, 5, 6, 7);
        var named = new NamedMessage(1, "one");
        kernel.Grant<BoxedMessage>(agent).SendAll([boxed, boxed]);
        kernel.Grant<NamedMessage>(agent).SendAll([named]);
        Task<int>[] asks =
        [
            kernel.GrantAsk<BoxedMessage, int>(agent).AskAsync(boxed).AsTask(),
            kernel.GrantAsk<NamedMessage, int>(agent).AskAsync(named).AsTask(),
        ];
        world.Run();
        Assert.Equal(4, kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
        Assert.All(asks, ask =>
            Assert.Equal(AskOutcome.Dead, Assert.Throws<AskException>(() => world.Result(ask)).Outcome));
        Assert.Equal(0, world.CoreAt(0).Cells.InUse);
        object box = Carriage<NamedMessage>.Wrap(default);      // one that was given back, if it was
        Assert.Null(Carriage<NamedMessage>.Unwrap(ref box).Name);
        Carriage<NamedMessage>.Release(box);
    }

    [Fact]
    public void Routes_OfTheKernelsOwnSignals_AreUnderstoodByNoAgent()
    {
        var agent = new Everything();
        Assert.False(ReplyRoute<int>.Instance.IsUnderstoodBy(agent));
        Assert.False(FailureRoute.Instance.IsUnderstoodBy(agent));
        Assert.False(WithdrawalRoute.Instance.IsUnderstoodBy(agent));
        Assert.True(HandleRoute<BoxedMessage>.Instance.IsUnderstoodBy(agent));
        Assert.True(HandleAsyncRoute<NamedMessage>.Instance.IsUnderstoodBy(agent));
        Assert.True(AnswerRoute<BoxedMessage, int>.Instance.IsUnderstoodBy(agent));
        Assert.True(AnswerAsyncRoute<NamedMessage, int>.Instance.IsUnderstoodBy(agent));
        Assert.False(HandleRoute<int>.Instance.IsUnderstoodBy(agent));
    }
}

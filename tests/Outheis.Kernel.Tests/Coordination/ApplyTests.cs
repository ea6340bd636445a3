using Xunit;

namespace Outheis.Tests.Coordination;

/// <summary>Loops that several threads run (GC-15).</summary>
public sealed class ApplyTests : IDisposable
{
    private readonly StepKernel _world = new(cores: 1);

    public void Dispose() => _world.Dispose();

    [Theory, InlineData(0), InlineData(1), InlineData(7), InlineData(1000), InlineData(100_003)]
    public void Apply_AnyCount_RunsEachOnceAndReturnsWhenAllIsDone(int count)
    {
        int[] ran = new int[count];
        _world.Kernel.Apply(count, i => Interlocked.Increment(ref ran[i]));
        Assert.All(ran, static times => Assert.Equal(1, times));
    }

    /// <summary>Within a body, deeper than there are threads.</summary>
    [Fact]
    public void Apply_WithinABody_ComesToItsEnd()
    {
        int ran = 0;
        Loop(depth: 4);
        Assert.Equal(4 * 4 * 4 * 4, ran);

        void Loop(int depth) => _world.Kernel.Apply(4, _ =>
        {
            if (depth == 1)
            {
                Interlocked.Increment(ref ran);
            }
            else
            {
                Loop(depth - 1);
            }
        });
    }

    [Fact]
    public void Apply_BodiesThrow_AllRunAndAllIsTold()
    {
        int ran = 0;
        var failure = Assert.Throws<AggregateException>(() => _world.Kernel.Apply(1000, i =>
        {
            Interlocked.Increment(ref ran);
            if (i % 10 == 0)
            {
                throw new TimeoutException("on purpose");
            }
        }));
        Assert.Equal(1000, ran);
        Assert.Contains("100 of 1000", failure.Message);
        Assert.Equal(Limits.ApplyFailuresKept, failure.InnerExceptions.Count);
    }

    [Fact]
    public void Apply_TokenFires_NoFurtherBodyBegins()
    {
        using var stop = new CancellationTokenSource();
        int ran = 0;
        Assert.Throws<OperationCanceledException>(() => _world.Kernel.Apply(1_000_000, _ =>
        {
            if (Interlocked.Increment(ref ran) == 10)
            {
                stop.Cancel();
            }
        }, cancellationToken: stop.Token));
        Assert.InRange(ran, 10, 999_999);
    }

    [Fact]
    public void Apply_OnACore_IsRefused()
    {
        InvalidOperationException? refused = null;
        _world.Kernel.Do(_world.Kernel.Spawn(new Puppet()), _ => refused =
            Assert.Throws<InvalidOperationException>(() => _world.Kernel.Apply(1, static _ => { })));
        _world.Run();
        Assert.Contains("must not run on a core", refused!.Message);
    }

    [Fact]
    public void ApplyAsync_OfTheHost_IsDoneOrFailsWithAll()
    {
        int ran = 0;
        _world.Wait(_world.Kernel.ApplyAsync(500, _ => Interlocked.Increment(ref ran)));
        Assert.Equal(500, ran);
        Task fails = _world.Kernel.ApplyAsync(3, static _ => throw new TimeoutException("on purpose"));
        _world.RunUntil(() => fails.IsCompleted);
        Assert.Equal(3, Assert.IsType<AggregateException>(fails.Exception!.InnerException).InnerExceptions.Count);
    }

    [Fact]
    public void Apply_OfAnAgent_ComesAsAMessage()
    {
        int[] ran = new int[300];
        var told = new List<object>();
        AgentId agent = _world.Kernel.Spawn(new Looper(told));
        _world.Kernel.Do(agent, context => Assert.Equal(OffloadResult.Accepted, context.Apply(
            ran.Length, ran, static (ran, i) => Interlocked.Increment(ref ran[i]), key: 5)));
        _world.RunUntil(() => told.Count == 1);
        Assert.Equal(new Applied(5, 300), told[0]);
        Assert.All(ran, static times => Assert.Equal(1, times));
        _world.Kernel.Do(agent, static context =>
            context.Apply(2, 0, static (_, _) => throw new TimeoutException("on purpose"), key: 6));
        _world.RunUntil(() => told.Count == 2);
        var failed = Assert.IsType<OffloadFailed>(told[1]);
        Assert.Equal((6ul, 2), (failed.Key, ((AggregateException)failed.Exception).InnerExceptions.Count));
    }

    [Fact]
    public void ApplyAsync_OfAnAgent_ResumesOnItsCore()
    {
        int[] ran = new int[300];
        bool over = false;
        AgentId agent = _world.Kernel.Spawn(new Puppet());
        _world.Kernel.DoAsync(agent, async context =>
        {
            await context.ApplyAsync(ran.Length, ran, static (ran, i) => Interlocked.Increment(ref ran[i]))
                .ConfigureAwait(true);
            context.AssertOnAgent();
            over = true;
        });
        _world.RunUntil(() => over);
        Assert.All(ran, static times => Assert.Equal(1, times));
    }

    private sealed class Looper(List<object> into) : Puppet, IHandle<Applied>, IHandle<OffloadFailed>
    {
        public void Handle(in Applied message, Context context) => into.Add(message);

        public void Handle(in OffloadFailed message, Context context) => into.Add(message);
    }
}

using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests.Offload;

/// <summary>Work that leaves its core, and comes home as a message.</summary>
public sealed class OffloadTests
{
    private readonly List<Worked> _results = [];
    private readonly List<OffloadFailed> _failures = [];
    private readonly List<OffloadResult> _said = [];

    [Fact]
    public void Offload_WorkReturns_ResultComesAsAMessageOnce()
    {
        using var world = new StepKernel();
        AgentId sender = default, agent = default;
        agent = world.Kernel.Spawn(new OffloadPuppet(_results)
        {
            OnResult = (in Worked _, Context context) => sender = context.Sender,
        });
        Core? seen = world.CoreAt(0);
        world.Kernel.Do(agent, context => _said.Add(context.Offload(20, (state, _) =>
        {
            seen = Core.OfThisThread;
            return new Worked(state + 1);
        })));
        world.RunUntil(() => _results.Count == 1);
        world.Run();
        Assert.Equal([OffloadResult.Accepted], _said);
        Assert.Equal([new Worked(21)], _results);
        Assert.Equal(agent, sender);
        Assert.Null(seen);
    }

    [Fact]
    public void Offload_WorkThrows_FailureComesInItsPlace()
    {
        using var world = new StepKernel();
        AgentId agent = world.Kernel.Spawn(new OffloadPuppet(_results, _failures));
        world.Kernel.Do(agent, static context => context.Offload(
            5, static Worked (state, _) => throw new TimeoutException($"no answer of {state}"), key: 77));
        world.RunUntil(() => _failures.Count == 1);
        OffloadFailed failed = _failures[0];
        Assert.Equal((nameof(Worked), 77UL), (failed.ResultType, failed.Key));
        Assert.Equal("no answer of 5", Assert.IsType<TimeoutException>(failed.Exception).Message);
        Assert.Empty(_results);
    }

    [Fact]
    public void Offload_AgentHandlesNoResultOrNoFailure_ThrowsAndSaysWhich()
    {
        using var world = new StepKernel();
        var words = new List<string>();
        AgentId agent = world.Kernel.Receive<Worked>([]);
        world.Kernel.Do(agent, context =>
        {
            words.Add(Assert.Throws<InvalidOperationException>(
                () => Try<Worked>(world.CoreAt(0), agent)).Message);
            words.Add(Assert.Throws<InvalidOperationException>(
                () => Try<long>(world.CoreAt(0), agent)).Message);
        });
        world.Run();
        Assert.Contains(nameof(OffloadFailed), words[0], StringComparison.Ordinal);
        Assert.Contains("System.Int64", words[1], StringComparison.Ordinal);
        Assert.Equal(0, world.Kernel.DescribeOffloads().Done);

        void Try<T>(Core core, AgentId who) => core.Offloads.Start(
            world.Kernel.Living(who), 0, static (_, _) => default(T)!, 0);
    }

    [Fact]
    public void Offload_QueueFull_IsToldAndChangesNothing()
    {
        using var gate = new Gate();
        using var world = new StepKernel(offloadWorkers: 1, offloadQueue: 2);
        AgentId agent = world.Kernel.Spawn(new OffloadPuppet(_results));
        world.Kernel.Do(agent, context => _said.Add(Gate.Offload(context, gate, 1)));
        world.RunUntil(() => gate.Entered == 1);
        world.Kernel.Do(agent, context =>
        {
            for (int i = 2; i <= 4; i++)
            {
                _said.Add(Gate.Offload(context, gate, i));
            }
        });
        world.Run();
        Assert.Equal(
            [OffloadResult.Accepted, OffloadResult.Accepted, OffloadResult.Accepted, OffloadResult.Full], _said);
        Assert.Equal(new OffloadInfo(1, 1, 1, 2, 0, 1), world.Kernel.DescribeOffloads());
        gate.Open();
        world.RunUntil(() => _results.Count == 3);
        world.Kernel.Do(agent, context => _said.Add(Gate.Offload(context, gate, 5)));
        world.RunUntil(() => _results.Count == 4);
        Assert.Equal([1, 2, 3, 5], _results.Select(static one => one.Number));
    }

    /// <summary>So what waits in its inbox beside the channel's bound is bounded too.</summary>
    [Fact]
    public void Offload_MoreThanAnAgentHasHeardOf_IsFullForItAlone()
    {
        using var gate = new Gate();
        using var world = new StepKernel(offloadQueue: 2 * Limits.OffloadsPerAgent);
        AgentId greedy = world.Kernel.Spawn(new OffloadPuppet(_results));
        AgentId other = world.Kernel.Spawn(new OffloadPuppet(_results));
        world.Kernel.Do(greedy, context =>
        {
            for (int i = 0; i <= Limits.OffloadsPerAgent; i++)
            {
                _said.Add(Gate.Offload(context, gate, i));
            }
        });
        world.Run();
        Assert.Equal(Limits.OffloadsPerAgent, _said.IndexOf(OffloadResult.Full));
        world.Kernel.Do(other, context => _said.Add(Gate.Offload(context, gate, -1)));
        world.Run();
        Assert.Equal(OffloadResult.Accepted, _said[^1]);
        gate.Open();
        world.RunUntil(() => _results.Count == Limits.OffloadsPerAgent + 1);
        world.Kernel.Do(greedy, context => _said.Add(Gate.Offload(context, gate, 0)));
        world.RunUntil(() => _results.Count == Limits.OffloadsPerAgent + 2);
        Assert.Equal(OffloadResult.Accepted, _said[^1]);
    }

    [Fact]
    public void Restart_WorkQueuedAtWorkAndDone_NothingOfItArrives()
    {
        using var world = new StepKernel(cores: 1, offloadWorkers: 1);
        bool tokenFired = false;
        int ran = 0;
        AgentId supervisor = world.Kernel.Spawn(new Restarter());
        AgentId agent = world.Kernel.Spawn(new OffloadPuppet(_results), supervisor: supervisor);
        world.Kernel.Do(agent, static context => context.Offload(1, static (state, _) => new Worked(state)));
        ThreadKernel.Until(() => world.Pass(0) >= 0 && world.Kernel.DescribeOffloads().Done == 1, "the first work");
        world.Kernel.Do(agent, context =>
        {
            context.Offload(2, (state, token) =>
            {
                tokenFired = token.WaitHandle.WaitOne(ThreadKernel.Patience);
                return new Worked(state);
            });
            context.Offload(3, (state, _) =>
            {
                ran++;
                return new Worked(state);
            });
            ThreadKernel.Until(() => world.Kernel.DescribeOffloads().Running == 1, "the second work");
            throw new InvalidOperationException("on purpose");
        });
        world.RunUntil(() => world.Kernel.DeadLetters.Count(DeadLetterReason.IncarnationEnded) >= 2);
        world.Kernel.Do(agent, static context => context.Offload(4, static (state, _) => new Worked(state)));
        world.RunUntil(() => _results.Any(static one => one.Number == 4));
        Assert.True(tokenFired);
        Assert.Equal(0, ran);
        Assert.DoesNotContain(_results, static one => one.Number is 2 or 3);
        Assert.Equal(2u, world.Kernel.Living(agent).Incarnation);
    }

    /// <summary>Its result was in the inbox already, behind the message that the handler failed with.</summary>
    [Fact]
    public void Restart_ResultWaitsInTheInbox_IsADeadLetter()
    {
        using var world = new StepKernel(cores: 1);
        AgentId supervisor = world.Kernel.Spawn(new Restarter());
        AgentId agent = world.Kernel.Spawn(new OffloadPuppet(_results), supervisor: supervisor);
        world.Kernel.Do(agent, static context => context.Offload(1, static (state, _) => new Worked(state)));
        world.Kernel.Do(agent, context =>
        {
            ThreadKernel.Until(() => world.Kernel.DescribeOffloads().Done == 1, "the work");
            CoreOffloads offloads = world.CoreAt(0).Offloads;
            Route route = CoreOffloads.Check<Worked>(world.Kernel.Living(agent));
            offloads.Tell(world.Kernel.Living(agent).Offloads!, route, 0, new Worked(2));
            throw new InvalidOperationException("on purpose");
        });
        world.RunUntil(() => world.Kernel.DeadLetters.Count(DeadLetterReason.IncarnationEnded) == 2);
        world.Run();
        Assert.Empty(_results);
        Assert.Equal(AgentState.Idle, world.Kernel.Living(agent).State);
    }

    [Fact]
    public void Work_UsesCapabilities_ThoseOfAgentsAreDeniedTheHostsWork()
    {
        using var world = new StepKernel();
        var heard = new List<int>();
        AgentId target = world.Kernel.Receive(heard);
        AgentId agent = world.Kernel.Spawn(new OffloadPuppet(_results));
        Capability<int> mine = world.Kernel.GrantTo<int>(agent, target), hosts = world.Kernel.Grant<int>(target);
        world.Kernel.Do(agent, context => context.Offload((mine, hosts), static (both, _) => new Worked(
            ((int)both.mine.Send(1) * 10) + (int)both.hosts.Send(2))));
        world.RunUntil(() => _results.Count == 1 && heard.Count == 1);
        Assert.Equal(((int)SendResult.Denied * 10) + (int)SendResult.Sent, _results[0].Number);
        Assert.Equal([2], heard);
    }

    [Fact]
    public void Queue_SeveralBands_HighestFirst()
    {
        using var gate = new Gate();
        using var world = new StepKernel(cores: 1, offloadWorkers: 1);
        AgentId[] agents = [.. new[] { Qos.Background, Qos.UserInteractive, Qos.Default }
            .Select(qos => world.Kernel.Spawn(new OffloadPuppet(_results), qos: qos))];
        var order = new List<int>();
        world.Kernel.Do(agents[2], context => Gate.Offload(context, gate, 0));
        world.RunUntil(() => gate.Entered == 1);
        for (int i = 0; i < 6; i++)
        {
            int number = i;
            world.Kernel.Do(agents[i % 3], context => context.Offload(number, (state, _) =>
            {
                order.Add(state);
                return new Worked(state);
            }));
            world.Run();
        }

        gate.Open();
        world.RunUntil(() => _results.Count == 7);
        Assert.Equal([1, 4, 2, 5, 0, 3], order);
    }

    /// <summary>Signals are given outside the lock: one may come when its worker has gone on by itself and rests
    /// again.</summary>
    [Fact]
    public void Take_WokenByALateSignal_RestsOnce()
    {
        using var world = new StepKernel();
        OffloadPool pool = world.Kernel.OffloadPool;
        var worker = new OffloadWorker(pool);
        Assert.Equal(PoolStep.Rest, pool.Take(worker, out _));
        Assert.Equal(PoolStep.Rest, pool.Take(worker, out _));
        Assert.True(pool.TryLeave(worker));
        Assert.False(pool.TryLeave(worker));
        AgentId agent = world.Kernel.Spawn(new OffloadPuppet(_results));
        world.Kernel.Do(agent, static context => context.Offload(1, static (number, _) => new Worked(number)));
        world.RunUntil(() => _results.Count == 1);
    }

    /// <summary>Against a list that is sorted anew at each step; the lowest band is taken at least every 64th
    /// time.</summary>
    [Property(MaxTest = 20)]
    public void Queue_AnySteps_IsFifoPerBandAndStarvesNone(int seed)
    {
        var random = new Random(seed);
        var queue = new OffloadQueue(Limits.FairShare);
        var model = new List<OffloadJob>();
        int sinceLowest = 0;
        for (int step = 0; step < 2000; step++)
        {
            if (random.Next(5) < 3)
            {
                var job = new NoJob { Qos = (Qos)random.Next(5) };
                queue.Put(job);
                model.Add(job);
            }
            else
            {
                OffloadJob? taken = queue.Take();
                Assert.Equal(model.Count == 0, taken is null);
                if (taken is not null)
                {
                    Assert.Same(model.First(job => job.Qos == taken.Qos), taken);
                    bool isHighest = taken.Qos == model.Max(static job => job.Qos);
                    bool isLowest = taken.Qos == model.Min(static job => job.Qos);
                    Assert.True(isHighest || isLowest, $"seed={seed} step={step}");
                    sinceLowest = isLowest ? 0 : sinceLowest + 1;
                    Assert.True(sinceLowest < Limits.FairShare, $"seed={seed} step={step}");
                    model.Remove(taken);
                }
            }

            Assert.Equal(model.Count, queue.Count);
        }
    }

    /// <summary>Whatever becomes of agents and work: of each piece that was accepted comes exactly one result, failure
    /// or dead letter.</summary>
    [Property(MaxTest = 5)]
    public void Offload_AnyWorkAndAnyRestarts_ExactlyOneComesOfEach(int seed)
    {
        const int rounds = 2000;
        _results.Clear();
        _failures.Clear();
        var random = new Random(seed);
        using var world = new StepKernel(seed, offloadQueue: 64);
        AgentId supervisor = world.Kernel.Spawn(new Restarter());
        AgentId[] agents = [.. Enumerable.Range(0, 4).Select(i => world.Kernel.Spawn(
            new OffloadPuppet(_results, _failures), core: i % 2, supervisor: supervisor))];
        int accepted = 0, crashes = 0;
        for (int round = 0; round < rounds; round++)
        {
            int kind = random.Next(40), number = round;
            crashes += kind == 39 ? 1 : 0;
            world.Kernel.Do(agents[random.Next(agents.Length)], context =>
            {
                OffloadResult result = context.Offload((kind, number), static (it, _) => Work(it.kind, it.number));
                accepted += result == OffloadResult.Accepted ? 1 : 0;
                if (kind == 39)
                {
                    throw new InvalidOperationException("on purpose");
                }
            });
            for (int steps = random.Next(6); steps > 0; steps--)
            {
                world.Step();
            }

            if (random.Next(20) == 0)
            {
                world.RunUntil(() => world.Kernel.DescribeOffloads().Waiting < 8, "a worker");
            }
        }

        int DeadLetters() => (int)world.Kernel.DeadLetters.Count(DeadLetterReason.IncarnationEnded);
        world.Run();
        world.RunUntil(() => _results.Count + _failures.Count + DeadLetters() >= accepted);
        world.Run();
        Assert.Equal(accepted, _results.Count + _failures.Count + DeadLetters());
        Assert.Equal(_results.Count, _results.Distinct().Count());
        Assert.All(_failures, static failed => Assert.IsType<TimeoutException>(failed.Exception));
        Assert.True(crashes > 10 && _failures.Count > 10 && _results.Count > 100,
            $"seed={seed}: {accepted} accepted, {crashes} crashes, {_failures.Count} failed, {_results.Count} told");
        Assert.Equal(world.Kernel.DescribeOffloads().Done, accepted);

        static Worked Work(int kind, int number)
        {
            Thread.SpinWait(kind * 10);
            return kind is > 0 and < 4 ? throw new TimeoutException("on purpose") : new Worked(number);
        }
    }

    private sealed class NoJob : OffloadJob
    {
        protected override CancellationToken Token => default;

        public override void Abandon()
        {
        }

        public override void Run(Core core)
        {
        }

        protected override void Execute()
        {
        }
    }
}

using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests;

public readonly record struct Made(uint Id);

/// <summary>Agents that agents make, within their turns.</summary>
public sealed partial class SpawnTests
{
    private readonly List<string> _log = [];
    private readonly List<long> _sums = [];

    [Fact]
    public void Spawn_InATurn_ChildIsOnItsMakersCoreKeepsItsSeedAndSpeaksToItsMaker()
    {
        using var world = new StepKernel();
        List<Made> heard = [];
        AgentId child = default;
        AgentId maker = world.Kernel.Spawn("maker", endow => new Maker<AgentId>(
            endow.GrantSpawn<AgentId>("child", (born, parent) => new Teller(born.Grant<Made>(parent), born.Self)),
            heard.Add), new SpawnOptions { Core = 1 });
        MakerDo<AgentId>(world, maker, (by, context) =>
        {
            Assert.Equal(SpawnResult.Spawned, context.Spawn(by, context.Self, out child));
            Assert.Empty(heard);      // it starts after this turn
        });
        world.Run();
        Assert.Equal([new Made(child.Value)], heard);
        AgentInfo info = world.Kernel.ListAgents().Single(agent => agent.Id == child);
        Assert.Equal(("child", 1), (info.Name, info.Core));
    }

    [Fact]
    public void Spawn_AnotherCoreIsSaid_ChildStartsThere()
    {
        using var world = new StepKernel();
        AgentId child = default;
        AgentId maker = world.Kernel.Spawn("maker", endow => new Maker<int>(
            endow.GrantSpawn<int>(null, (_, _) => new Puppet { Started = context => _log.Add($"{context.Self}") },
                new SpawnOptions { Core = 1 })), new SpawnOptions { Core = 0 });
        MakerDo<int>(world, maker, (by, context) => context.Spawn(by, 0, out child));
        world.Run();
        Assert.Equal(1, world.Kernel.ListAgents().Single(agent => agent.Id == child).Core);
        Assert.Equal([$"{child}"], _log);
    }

    /// <summary>OT-48, though the ids of those that a core makes are not in one row with the host's.</summary>
    [Fact]
    public void Stop_AgentsOfTheHostAndOfAgents_EndYoungestFirstWhoeverMadeThem()
    {
        using var world = new StepKernel(cores: 1);
        int born = 0;
        AgentId maker = world.Kernel.Spawn("maker", endow => new Maker<int>(
            endow.GrantSpawn<int>(null, (_, _) => Mortal(++born)))
        {
            Stopped = _ => _log.Add("maker"),
        });
        world.Kernel.Spawn(Mortal(++born));
        MakeTwo();
        world.Kernel.Spawn(Mortal(++born));
        MakeTwo();
        Assert.True(world.Stop().Drained);
        Assert.Equal(["6", "5", "4", "3", "2", "1", "maker"], _log);

        Puppet Mortal(int number) => new() { Stopped = _ => _log.Add($"{number}") };

        void MakeTwo()
        {
            MakerDo<int>(world, maker, static (by, context) =>
            {
                context.Spawn(by, 0, out AgentId _);
                context.Spawn(by, 0, out AgentId _);
            });
            world.Run();
        }
    }

    /// <summary>Likewise where an agent of another core made one of them, and another one has moved.</summary>
    [Fact]
    public void Stop_AgentsMadeFromAfarAndMovedOnes_EndYoungestFirst()
    {
        using var world = new StepKernel(cores: 2);
        var there = new SpawnOptions { Core = 0 };
        AgentId child = default, moved = default;
        Maker<int> OnCore0(Endowment endow, string name, string ofChild) => new(
            endow.GrantSpawn<int>(null, (_, _) => new Puppet { Stopped = _ => _log.Add(ofChild) }))
        {
            Stopped = _ => _log.Add(name),
        };
        AgentId afar = world.Kernel.Spawn(null, endow => new Maker<int>(
            endow.GrantSpawn<int>(null, (born, _) => OnCore0(born, "2", "3"), there)), new SpawnOptions { Core = 1 });
        for (int i = 0; i < 5; i++)      // so that core 1 has counted further than core 0
        {
            world.Kernel.Spawn(null, static () => new Puppet(), new SpawnOptions { Core = 1 });
            world.Run();
        }

        AgentId settler = world.Kernel.Spawn(null, endow => OnCore0(endow, "1", "4"), new SpawnOptions { Core = 1 });
        world.Run();
        world.Wait(world.Kernel.MoveAgentAsync(moved = settler, 0));
        MakerDo<int>(world, afar, (by, context) => context.Spawn(by, 0, out child));
        world.Run();
        MakerDo<int>(world, child, static (by, context) => context.Spawn(by, 0, out AgentId _));
        world.Run();
        MakerDo<int>(world, moved, static (by, context) => context.Spawn(by, 0, out AgentId _));
        world.Run();
        Assert.True(child.Value > moved.Value);
        Assert.True(world.Stop().Drained);
        Assert.Equal(["4", "3", "2", "1"], _log);
    }

    /// <summary>A family is worked off before its makers' other children start, each in order.</summary>
    [Fact]
    public void Spawn_SeveralInATurn_StartInOrderAndTheirOwnFirst()
    {
        using var world = new StepKernel(cores: 1);
        AgentId root = world.Kernel.Spawn(null, endow => Family(endow, "", 2));
        world.Run();
        Assert.Equal(["", "1", "11", "12", "13", "2", "21", "22", "23", "3", "31", "32", "33"], _log);
        Assert.NotEqual(AgentId.Host, root);

        Maker<string> Family(Endowment endow, string name, int levels) => new(
            endow.GrantSpawn<string>(null, (born, child) => Family(born, child, levels - 1)))
        {
            OnBirth = (by, context) =>
            {
                _log.Add(name);
                for (int i = 1; levels > 0 && i <= 3; i++)
                {
                    context.Spawn(by, $"{name}{i}", out _);
                }
            },
        };
    }

    /// <summary>Those that only make others do not keep the rest from their turns.</summary>
    [Fact]
    public void Spawn_WithoutEnd_OthersHaveTheirTurns()
    {
        using var world = new StepKernel(cores: 1);
        int born = 0, turns = 0;
        bool isOver = false;
        AgentId other = world.Kernel.Receive<Made>((in Made _, Context _) => turns++);
        Capability<Made> poke = world.Kernel.Grant<Made>(other);
        AgentId first = world.Kernel.Spawn(null, endow => Ancestor(endow));
        while (turns < 20)
        {
            poke.SendAll([new Made(1)]);
            world.Pass(0);
            Assert.True(born < 20_000, $"{born} agents were born while one message waited");
        }

        isOver = true;
        Assert.NotEqual(first, other);

        Maker<int> Ancestor(Endowment endow) => new(endow.GrantSpawn<int>(null, (next, _) => Ancestor(next)))
        {
            OnBirth = (by, context) =>
            {
                born++;
                context.Stop();
                if (!isOver)
                {
                    context.Spawn(by, 0, out _);
                    context.Spawn(by, 0, out _);
                }
            },
        };
    }

    /// <summary>A family without end starves nobody who was made before it.</summary>
    [Fact]
    public void Spawn_WithoutEnd_WhoWasMadeEarlierStarts()
    {
        using var world = new StepKernel(cores: 1);
        int born = 0, started = 0;
        bool isOver = false;
        world.Kernel.Spawn(null, endow =>
        {
            SpawnCapability<int> family = endow.GrantSpawn<int>(null, (next, _) => Ancestor(next));
            return new Maker<int>(endow.GrantSpawn<int>(null, (_, _) => new Puppet { Started = _ => started++ }))
            {
                OnBirth = (by, context) =>
                {
                    for (int i = 0; i < 3; i++)
                    {
                        context.Spawn(family, 0, out _);
                        context.Spawn(by, 0, out _);
                    }
                },
            };
        });
        while (started < 3)
        {
            world.Pass(0);
            Assert.True(born < 20_000, $"{born} agents were born while {3 - started} waited");
        }

        isOver = true;

        Maker<int> Ancestor(Endowment endow) => new(endow.GrantSpawn<int>(null, (next, _) => Ancestor(next)))
        {
            OnBirth = (by, context) =>
            {
                born++;
                context.Stop();
                if (!isOver)
                {
                    context.Spawn(by, 0, out _);
                }
            },
        };
    }

    [Fact]
    public void Spawn_RightOfNobodyOfAnotherAgentOrOfAnEarlierIncarnation_IsDenied()
    {
        using var world = new StepKernel();
        AgentId supervisor = world.Kernel.Spawn(new Restarter());
        List<SpawnCapability<int>> rights = [];
        Func<Endowment, Agent> factory = endow =>
        {
            rights.Add(endow.GrantSpawn<int>(null, (_, _) => new Puppet()));
            return new Puppet();
        };
        AgentId holder = world.Kernel.Spawn("holder", factory, new SpawnOptions { Supervisor = supervisor });
        AgentId thief = world.Kernel.Spawn(new Puppet());
        world.Kernel.Do(thief, context => Refused(context, rights[0]));
        world.Kernel.Do(holder, context => Refused(context, default));
        world.Kernel.Do(holder, context => context.Stop());
        world.Run();
        world.Kernel.Do(holder, context =>
        {
            Assert.Equal(2u, context.Incarnation);
            Refused(context, rights[0]);
            Assert.Equal(SpawnResult.Spawned, context.Spawn(rights[1], 0, out _));
            _log.Add("done");
        });
        world.Run();
        Assert.Equal(["refused", "refused", "refused", "done"], _log);

        void Refused(Context context, SpawnCapability<int> by)
        {
            Assert.Equal(SpawnResult.Denied, context.Spawn(by, 0, out AgentId child));
            Assert.Equal(AgentId.Host, child);
            _log.Add("refused");
        }
    }

    [Fact]
    public void Spawn_FactoryThrows_IsItsMakersExceptionAndNobodyIsThere()
    {
        using var world = new StepKernel();
        AgentId maker = world.Kernel.Spawn("maker", endow => new Maker<int>(
            endow.GrantSpawn<int>("child", (_, _) => throw new InvalidOperationException("no child"))));
        world.Run();
        MakerDo<int>(world, maker, (by, context) => _log.Add(FailureOf(by, context)));
        world.Run();
        Assert.Equal(["no child"], _log);
        Assert.DoesNotContain(world.Kernel.ListAgents(), static agent => agent.Name == "child");
    }

    [Fact]
    public void Spawn_WithASupervisor_IsHeardOfAndRestartedFromItsSeed()
    {
        using var world = new StepKernel();
        var listener = new Listener { Restarts = true };
        AgentId supervisor = world.Kernel.Spawn(listener);
        AgentId child = default;
        AgentId maker = world.Kernel.Spawn("maker", endow => new Maker<int>(endow.GrantSpawn<int>(
            "child", (_, seed) =>
            {
                _log.Add($"{seed}");
                return new Puppet();
            },
            new SpawnOptions { Supervisor = supervisor })));
        MakerDo<int>(world, maker, (by, context) => context.Spawn(by, 7, out child));
        world.Run();
        world.Kernel.Do(child, context => context.Stop());
        world.Run();
        Assert.Equal(["7", "7"], _log);
        Assert.Equal([child], listener.Exits.Select(static exit => exit.Agent));
        Assert.Equal([1u, 2u], listener.Starts.Select(static start => start.Incarnation));
    }

    [Fact]
    public void Spawn_KernelStops_IsRefused()
    {
        var world = new StepKernel();
        AgentId maker = world.Kernel.Spawn(
            "maker", endow => new Maker<int>(endow.GrantSpawn<int>("child", (_, _) => new Puppet())));
        MakerDo<int>(world, maker, (by, context) => _log.Add($"{context.Spawn(by, 0, out _)}"));
        world.Kernel.BeginStop();
        world.Stop();
        Assert.Equal([nameof(SpawnResult.Stopping)], _log);
    }

    /// <summary>Its past would have to be read on a core.</summary>
    [Fact]
    public void Spawn_ADurableAgentWithAJournal_IsTheMakersException()
    {
        using var world = new StepKernel(disk: new SimulatedDisk());
        AgentId maker = world.Kernel.Spawn("maker", endow => new Maker<int>(
            endow.GrantSpawn<int>("child", (_, _) => new Remembering())));
        world.Run();
        MakerDo<int>(world, maker, (by, context) => _log.Add(FailureOf(by, context)));
        world.Run();
        Assert.Contains("durable", Assert.Single(_log), StringComparison.Ordinal);
    }

    /// <summary>What a handler was told about the agents that it made it is told again, and none is made.</summary>
    private static void MakerDo<TSeed>(
        StepKernel world, AgentId maker, Action<SpawnCapability<TSeed>, Context> script)
    {
        world.Run();
        world.Kernel.Do(maker, context => script(((Maker<TSeed>)world.Kernel.Living(maker).Instance!).By, context));
    }

    private static string FailureOf(SpawnCapability<int> by, Context context)
    {
        try
        {
            return $"{context.Spawn(by, 0, out _)}";
        }
        catch (InvalidOperationException bug)
        {
            return bug.Message;
        }
    }

    private sealed class Maker<TSeed>(SpawnCapability<TSeed> by, Action<Made>? heard = null) : Puppet, IHandle<Made>
    {
        public SpawnCapability<TSeed> By => by;

        public Action<SpawnCapability<TSeed>, Context>? OnBirth { get; init; }

        public void Handle(in Made message, Context context) => heard?.Invoke(message);

        protected internal override void OnStart(Context context) => OnBirth?.Invoke(by, context);
    }

    private sealed class Teller(Capability<Made> maker, AgentId self) : Puppet
    {
        protected internal override void OnStart(Context context)
        {
            Assert.Equal(self, context.Self);
            Assert.Equal(SendResult.Sent, context.Send(maker, new Made(self.Value)));
        }
    }

    private sealed class Remembering() : DurableAgent<int>(0);
}

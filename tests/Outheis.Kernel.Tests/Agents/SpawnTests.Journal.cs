using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests;

/// <summary>What a journal has of agents that were made within turns.</summary>
public sealed partial class SpawnTests
{
    [Fact]
    public void Replay_OfAMaker_IsToldTheSameIdsAndMakesNobody()
    {
        var disk = new SimulatedDisk();
        var codecs = new MessageCodecs().Add<Made>();
        int born = 0;
        var world = new StepKernel(cores: 1, disk: disk, codecs: codecs, recordInputs: true);
        AgentId maker = SpawnAll(world.Kernel);
        world.Kernel.Grant<Made>(maker).SendAll([new Made(1), new Made(2)]);
        world.Run();
        world.Stop();
        Assert.Equal(2, born);
        Assert.Equal(2, _log.Count);
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, disk, kernel => SpawnAll(kernel), new ReplayOptions { Codecs = codecs });
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.Equal(2, report.Agents["maker"]);
        Assert.Equal(2, born);

        AgentId SpawnAll(Kernel kernel)
        {
            AgentId sink = kernel.Spawn(
                new Receiver<Made>((in Made made, Context _) => _log.Add($"{made.Id}")), name: "sink");
            return kernel.Spawn("maker", endow => new Reporter(
                endow.GrantSpawn<int>(null, (_, _) =>
                {
                    born++;
                    return new Puppet();
                }),
                endow.Grant<Made>(sink)));
        }
    }

    /// <summary>The state is made again from the messages; the agents are not.</summary>
    [Fact]
    public void DurableMaker_AfterAKill_HasCountedItsChildrenAndMakesNobodyAgain()
    {
        var disk = new SimulatedDisk();
        int born = 0;
        StepKernel world = Start();
        Spawn(world.Kernel).SendAll([new Made(1), new Made(2), new Made(0)]);
        world.Run();
        long ids = Assert.Single(_sums);
        disk = SimulatedDisk.From(disk.Snapshot());
        world.Abandon();
        world = Start();
        Spawn(world.Kernel).SendAll([new Made(0)]);
        world.Run();
        Assert.Equal([ids, ids, ids], _sums);      // told again while the past was handled once more, and now
        Assert.Equal(2, born);
        world.Stop();

        StepKernel Start() => new(cores: 1, disk: disk, codecs: new MessageCodecs().Add<Made>());

        Capability<Made> Spawn(Kernel kernel) => kernel.Grant<Made>(kernel.Spawn("maker", endow => new DurableMaker(
            endow.GrantSpawn<int>(null, (_, _) =>
            {
                born++;
                return new Puppet();
            }),
            _sums)));
    }

    /// <summary>A turn that a kill cut off before it had made anybody makes one when it is finished.</summary>
    [Fact]
    public void DurableMaker_KilledBeforeItMadeAnybody_MakesOneThen()
    {
        var disk = new SimulatedDisk();
        DiskImage? image = null;
        int born = 0;
        using (StepKernel world = Start())
        {
            Spawn(world.Kernel, () => image ??= disk.Snapshot()).SendAll([new Made(1)]);
            world.Run();
        }

        disk = SimulatedDisk.From(image!);
        born = 0;
        using StepKernel next = Start();
        Capability<Made> maker = Spawn(next.Kernel, null);
        next.Run();
        Assert.Equal(1, born);
        maker.SendAll([new Made(0)]);
        next.Run();
        Assert.True(Assert.Single(_sums) > 0);

        StepKernel Start() => new(cores: 1, disk: disk, codecs: new MessageCodecs().Add<Made>());

        Capability<Made> Spawn(Kernel kernel, Action? before) => kernel.Grant<Made>(
            kernel.Spawn("maker", endow => new DurableMaker(
                endow.GrantSpawn<int>(null, (_, _) =>
                {
                    born++;
                    return new Puppet();
                }),
                _sums)
            { Before = before }));
    }

    private sealed class Reporter(SpawnCapability<int> by, Capability<Made> sink) : Agent, IHandle<Made>
    {
        public void Handle(in Made message, Context context)
        {
            context.Spawn(by, 0, out AgentId child);
            context.Send(sink, new Made(child.Value));
        }
    }

    /// <summary>Adds up the ids of those it makes; tells the sum when asked with 0.</summary>
    private sealed class DurableMaker(SpawnCapability<int> by, List<long> sums)
        : DurableAgent<long>(0), IHandle<Made>
    {
        public Action? Before { get; init; }

        public void Handle(in Made message, Context context)
        {
            if (message.Id == 0)
            {
                sums.Add(State);
                return;
            }

            if (Before is not null)
            {
                context.NextRandom();      // which tells that the message was taken
                Before();
            }

            Assert.Equal(SpawnResult.Spawned, context.Spawn(by, 0, out AgentId child));
            Assert.NotEqual(AgentId.Host, child);
            State += child.Value;
        }
    }
}

using Xunit;

namespace Outheis.Tests;

/// <summary>Starts, restarts and ends that hardly ever happen.</summary>
public sealed class LifecycleTests : IDisposable
{
    private readonly StepKernel _world = new();

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Restart_TheFactoryMakesAnotherType_IsOneMoreEndThatSaysSo()
    {
        var boss = new Listener();
        boss = new Listener
        {
            OnExit = (in ExitSignal signal, Context context) =>
            {
                if (signal.Incarnation == 1)
                {
                    context.Restart(signal.Agent);
                }
            },
        };
        int made = 0;
        AgentId child = Kernel.Spawn(
            "child", () => made++ == 0 ? new Puppet() : new Receiver<int>((in int _, Context _) => { }),
            new SpawnOptions { Supervisor = Kernel.Spawn(boss) });
        Kernel.Do(child, _ => throw new InvalidDataException("bug"));
        _world.Run();
        Assert.Equal([1u, 2u], boss.Exits.Select(exit => exit.Incarnation));
        Assert.Contains("The factory of child made a Receiver`1", boss.Exits[1].Reason.Exception!.Message);
    }

    [Fact]
    public void Restart_OfAnAgentThatLives_ChangesNothing()
    {
        AgentId child = default;
        AgentId boss = Kernel.Spawn(new Listener());
        child = Kernel.Spawn(new Puppet(), supervisor: boss);
        _world.Run();
        bool supervises = false, supervisesItself = true;
        Kernel.Do(boss, context =>
        {
            supervises = context.Restart(child);
            supervisesItself = context.Restart(boss) || context.StopChild(new AgentId(99));
        });
        _world.Run();
        Assert.True(supervises);
        Assert.False(supervisesItself);
        Assert.Equal(1u, Kernel.Agents.Find(child.Value)!.Incarnation);
    }

    [Fact]
    public void StopAgent_BeforeItsFirstTurn_NeverStartsIt()
    {
        int started = 0, stopped = 0;
        AgentId agent = Kernel.Spawn(new Puppet { Started = _ => started++, Stopped = _ => stopped++ });
        Kernel.Agents.Find(agent.Value)!.StopWanted = ExitReason.Shutdown;      // as a stop that overtakes the start
        _world.Run();
        Assert.Equal((0, 0), (started, stopped));
        Assert.Null(Kernel.Agents.Find(agent.Value));
    }

    [Fact]
    public void StopAgent_DeadOrNeverThere_IsDone()
    {
        AgentId agent = Kernel.Spawn(new Puppet());
        _world.Wait(Kernel.StopAgentAsync(agent));
        Assert.True(Kernel.StopAgentAsync(agent).IsCompletedSuccessfully);
        Assert.True(Kernel.StopAgentAsync(new AgentId(99)).IsCompletedSuccessfully);
    }

    [Fact]
    public void OnStart_Throws_EndsTheIncarnationWithTheReason()
    {
        Kernel.Spawn(new Puppet { Started = _ => throw new InvalidDataException("no") }, name: "stillborn");
        _world.Run();
        ExitSignal signal = Assert.Single(_world.Failures);
        Assert.Equal(("stillborn", "no"), (signal.Name, signal.Reason.Exception!.Message));
    }

    private sealed class Mute : Exception
    {
        public override string Message => throw new InvalidOperationException("no words");
    }

    [Fact]
    public void ExitReason_InWords_IsItsKindOrTheBugEvenIfThatHasNoWords()
    {
        Assert.Equal(
            ("Normal", "Shutdown", "Error: InvalidDataException: bug", "Error: Mute"),
            (ExitReason.Normal.ToString(), ExitReason.Shutdown.ToString(),
                new ExitReason(ExitKind.Error, new InvalidDataException("bug")).ToString(),
                new ExitReason(ExitKind.Error, new Mute()).ToString()));
        Assert.True(new ExitReason(ExitKind.Error).IsAbnormal);
        Assert.False(ExitReason.Shutdown.IsAbnormal || ExitReason.Normal.IsAbnormal);
    }

    [Fact]
    public void Unsupervised_TheProgramsCallbackThrows_TheCoreGoesOn()
    {
        int heard = 0;
        var threads = new StepThreads(1);
        var kernel = new Kernel(
            new KernelOptions
            {
                Cores = 1,
                Unsupervised = _ => throw new InvalidDataException($"{++heard}"),
            }, new Platform(threads, SystemHostThreads.Instance, SystemJournalDisk.Instance));
        AgentId agent = kernel.Spawn(new Puppet());
        kernel.Do(agent, _ => throw new InvalidDataException("bug"));
        Run();
        Assert.Equal(1, heard);
        List<int> received = [];
        kernel.Grant<int>(kernel.Receive(received)).SendAll([1]);
        Run();
        Assert.Equal([1], received);
        Task stop = kernel.StopAsync();
        while (!stop.IsCompleted)
        {
            Run();
        }

        void Run()
        {
            while (threads.StepAll() > 0)
            {
            }
        }
    }

    [Fact]
    public async Task Unsupervised_NobodyListens_StandardErrorNamesTheAgent()
    {
        TextWriter before = Console.Error;
        using var errors = new StringWriter();
        Console.SetError(TextWriter.Synchronized(errors));
        try
        {
            await using Kernel kernel = ThreadKernel.Start(cores: 1);
            AgentId agent = kernel.Spawn(new Puppet(), name: "unlucky");
            kernel.Do(agent, _ => throw new InvalidDataException("bug"));
            ThreadKernel.Until(() => kernel.Agents.Find(agent.Value) is null, "its end");
        }
        finally
        {
            Console.SetError(before);
        }

        Assert.Contains(
            "agent unlucky ended and nobody supervises it: Error: InvalidDataException: bug", errors.ToString());
    }
}

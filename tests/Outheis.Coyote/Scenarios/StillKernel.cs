namespace Outheis.Coyote;

/// <summary>A kernel without threads and with a clock that stands still: a scenario drives its cores.</summary>
internal sealed class StillKernel : IDisposable
{
    public StillKernel(int cores)
    {
        var options = new KernelOptions { Cores = cores, Time = Time, Seed = 1, Pin = false };
        Kernel = new Kernel(
            options, new Platform(new NoThreads(), SystemHostThreads.Instance, SystemJournalDisk.Instance));
        foreach (Core core in Kernel.Cores)
        {
            unsafe
            {
                core.Cells.Return(core.Cells.Rent());      // the first block takes thousands of steps
            }
        }
    }

    public Kernel Kernel { get; }

    public StillTime Time { get; } = new();

    public Core CoreAt(int index) => Kernel.Cores[index];

    public AgentCell Spawn(Agent agent, int core, int capacity = Limits.ChannelMessages)
    {
        AgentId id = Kernel.Spawn("agent", () => agent, new SpawnOptions { Core = core, Capacity = capacity });
        RunUntilQuiet();
        return Kernel.Agents.Find(id.Value)!;
    }

    public static int Pass(Core core)
    {
        core.Enter();
        int done = core.RunPass();
        Core.Leave();
        return done;
    }

    /// <summary>Drives a core as the kernel's own threads do, except that it goes to sleep as soon as it finds nothing
    /// to do. Ends, and wakes the others to see it, when a pass has brought the end.</summary>
    public void Drive(Core core, Func<bool> isOver)
    {
        core.Enter();
        while (!isOver())
        {
            if (core.RunPass() > 0)
            {
                continue;
            }

            core.Parker.Announce();
            if (core.HasWork() || isOver())
            {
                core.Parker.Cancel();
            }
            else
            {
                core.Parker.Sleep(core.SleepAtMost());
            }
        }

        Core.Leave();
        Array.ForEach(Kernel.Cores, static other => other.Post(new Nudge()));
    }

    public void RunUntilQuiet()
    {
        while (Kernel.Cores.Sum(Pass) > 0)
        {
        }
    }

    public void Dispose()
    {
        foreach (Core core in Kernel.Cores)
        {
            core.Dispose();
            core.Ingress.Dispose();
        }
    }

    private sealed class Nudge : KernelOp
    {
        public override void Run(Core core)
        {
        }
    }
}

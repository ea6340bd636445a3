namespace Outheis.Coyote;

/// <summary>A kernel without threads and with a clock that stands still: a scenario drives its cores.</summary>
internal sealed class StillKernel : IDisposable
{
    public StillKernel(int cores)
    {
        var options = new KernelOptions { Cores = cores, Time = Time, Seed = 1, Pin = false };
        Kernel = new Kernel(options, new Platform(new NoThreads(), SystemJournalDisk.Instance));
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

    public AgentCell Spawn(Agent agent, int core)
    {
        AgentId id = Kernel.Spawn("agent", () => agent, new SpawnOptions { Core = core });
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

    private sealed class NoThreads : CoreThreads
    {
        public override int DefaultCores => 1;

        public override void Start(Core core)
        {
        }

        public override void Fence()
        {
        }

        public override bool Stop(Core core, TimeSpan atMost) => true;

        public override int? ProcessorOf(Core core) => null;
    }
}

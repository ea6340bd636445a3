namespace Outheis.Testing;

/// <summary>A kernel's state between two steps, gathered once for all invariants: nothing of it is in
/// motion.</summary>
internal sealed unsafe class KernelView
{
    private readonly Dictionary<uint, int> _underWay = [];
    private readonly MessageLook _lookElsewhere;
    private readonly MessageLook _lookInInbox;
    private bool _isInOutbox;

    public KernelView(Kernel kernel)
    {
        Kernel = kernel;
        _lookElsewhere = message => Note(message, isInInbox: false);
        _lookInInbox = message => Note(message, isInInbox: true);
        CellsWaiting = new int[kernel.Cores.Length];
    }

    public Kernel Kernel { get; }

    /// <summary>Living agents, by id.</summary>
    public AgentCell[] Agents { get; private set; } = [];

    /// <summary>Live capabilities.</summary>
    public CapabilityNode[] Capabilities { get; private set; } = [];

    /// <summary>Copies of all messages that wait somewhere for an agent, in order for each place.</summary>
    public List<Message> Waiting { get; } = [];

    /// <summary>How many of them are in an inbox; these come first.</summary>
    public int InInboxes { get; private set; }

    /// <summary>Agents between two cores.</summary>
    public HashSet<AgentCell> Moving { get; } = [];

    /// <summary>Per core: cells that hold a message.</summary>
    public int[] CellsWaiting { get; }

    /// <summary>A ring or ingress whose counts or sequences are wrong.</summary>
    public string? BrokenRing { get; private set; }

    /// <summary>The cores that sleep and that nobody has woken.</summary>
    public List<Core> Sleepers { get; } = [];

    /// <summary>Messages with a credit that are on their way to an agent or in its inbox.</summary>
    public int UnderWay(AgentCell agent) => _underWay.GetValueOrDefault(agent.Id.Value);

    /// <summary>Looks at everything anew.</summary>
    public void Gather(SimulatedCores? cores)
    {
        _underWay.Clear();
        Waiting.Clear();
        Sleepers.Clear();
        Array.Clear(CellsWaiting);
        BrokenRing = null;
        Agents = Kernel.Agents.Snapshot();
        Capabilities = Kernel.Capabilities.Snapshot();
        Moving.Clear();
        foreach (Core core in Kernel.Cores)
        {
            foreach (Migration leaving in core.Leaving)
            {
                Moving.Add(leaving.Agent);
                CellsWaiting[core.Index] += leaving.Agent.Inbox.Count;
            }

            foreach (Migration sent in core.PendingOps.OfType<Migration>().Where(static one => one.IsSent))
            {
                Moving.Add(sent.Agent);
                sent.Look(_lookInInbox);
            }
        }

        foreach (AgentCell agent in Agents)
        {
            CellsWaiting[agent.Core.Index] += agent.State == AgentState.Moving ? 0 : agent.Inbox.Count;
            agent.Inbox.Look(_lookInInbox);
        }

        InInboxes = Waiting.Count;
        foreach (Core core in Kernel.Cores)
        {
            GatherFrom(core);
        }

        if (cores is not null)
        {
            Sleepers.AddRange(cores.Cores.Where(static core => core.Sleeps).Select(static core => core.Core));
        }
    }

    private void GatherFrom(Core core)
    {
        int before = Waiting.Count;
        _isInOutbox = true;
        core.LookAtOutbox(_lookElsewhere);
        core.LookAtBefore(_lookElsewhere);
        _isInOutbox = false;
        CellsWaiting[core.Index] += Waiting.Count - before;
        foreach (CoreRing? ring in core.In)
        {
            if (ring is not null && !ring.Look(_lookElsewhere))
            {
                BrokenRing ??= $"a ring to core {core.Index}";
            }
        }

        if (!core.Ingress.Look(_lookElsewhere))
        {
            BrokenRing ??= $"the ingress of core {core.Index}";
        }
    }

    private void Note(Message* message, bool isInInbox)
    {
        bool isVoid = !isInInbox && !_isInOutbox && message->Has(MessageFlags.Void);
        if (isVoid)
        {
            return;
        }

        Waiting.Add(*message);
        if (!message->Has(MessageFlags.Uncredited))
        {
            _underWay[message->Target] = _underWay.GetValueOrDefault(message->Target) + 1;
        }
    }
}

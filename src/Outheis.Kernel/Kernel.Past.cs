namespace Outheis;

/// <summary>What a kernel does about the runs before it.</summary>
public sealed partial class Kernel
{
    private readonly Lock _pastLock = new();
    private readonly JournalLedger? _ledger;      // _pastLock
    private readonly HashSet<string> _durableNames = new(StringComparer.Ordinal);      // _pastLock

    /// <summary>What became of the messages that earlier processes accepted and did not handle.</summary>
    public RedeliveryReport Redelivered { get; } = new();

    /// <summary>Folds the journal as it is now. Costs its length. Any thread that may read files.</summary>
    internal JournalLedger ReadLedger()
    {
        using JournalReader reader = JournalReader.Open(Path.GetFullPath(Options.JournalDirectory!), Platform.Disk);
        return JournalLedger.Of(reader.Read());
    }

    // The host's thread, before the agent is on its core.
    private void TakePast(AgentCell agent)
    {
        DurableFace? durable = _journal is null ? null : agent.Instance!.MakeDurable();
        if (durable is not null)
        {
            RequireWritable(agent, durable);
        }

        lock (_pastLock)
        {
            if (durable is not null && !_durableNames.Add(agent.GivenName!))
            {
                throw new ArgumentException(
                    $"A durable agent named {agent.GivenName} has been spawned already; their states would mix.");
            }

            agent.Past = _ledger?.Take(agent.GivenName);
        }
    }

    private void RequireWritable(AgentCell agent, DurableFace durable)
    {
        if (agent.GivenName is null || agent.GivenName.StartsWith('#'))
        {
            throw new ArgumentException("A durable agent needs a name, by which its next life finds its state.");
        }

        if (!durable.CanBeWritten(Options.Codecs))
        {
            throw new ArgumentException(
                $"The state of {agent.GivenName}, {durable.StateType.Name}, is no unmanaged struct and has no codec: give "
                + "KernelOptions.Codecs one with AddJson.");
        }
    }
}

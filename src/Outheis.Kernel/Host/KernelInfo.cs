namespace Outheis;

/// <summary>One agent as it is at this moment.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Qos">Its quality of service.</param>
/// <param name="Core">The core it lives on, or is on the way to.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Incarnation">Which incarnation; the first is 1.</param>
/// <param name="Queued">Messages in its channel that reached its core.</param>
/// <param name="Capacity">Messages that its channel holds.</param>
/// <param name="Supervisor">Who hears of its exit; the host if nobody does.</param>
/// <param name="EffectiveQos">In which class it runs now: a higher one than its own while it owes a reply to somebody
/// of that class.</param>
public readonly record struct AgentInfo(
    AgentId Id, string Name, Qos Qos, int Core, AgentState State, uint Incarnation, int Queued, int Capacity,
    AgentId Supervisor, Qos EffectiveQos)
{
    /// <summary>The name of the budget that it runs on; null: none.</summary>
    public string? Budget { get; init; }

    /// <summary>It has something to do and waits until its budget has something left.</summary>
    public bool IsThrottled { get; init; }

    /// <summary>It was given its core, and leaves it at the host's wish alone.</summary>
    public bool IsPinned { get; init; }

    /// <summary>How often it was suspended and not resumed; above 0 it begins no message.</summary>
    public int Suspends { get; init; }
}

/// <summary>One live capability.</summary>
/// <param name="Id">Its id, as in the journal.</param>
/// <param name="Holder">Who may use it.</param>
/// <param name="Target">Whom it reaches.</param>
/// <param name="Rights">What it allows.</param>
/// <param name="Badge">What marks messages sent through it; 0 if nothing does.</param>
/// <param name="MessageType">What can be sent or asked through it.</param>
/// <param name="Purpose">Why it was granted, if that was said.</param>
/// <param name="Parent">What it was derived from; 0 if the host minted it.</param>
public readonly record struct CapabilityInfo(
    uint Id, AgentId Holder, AgentId Target, Rights Rights, ulong Badge, string MessageType, string? Purpose,
        uint Parent);

/// <summary>Offloaded work and its threads, as of this moment.</summary>
/// <param name="Workers">Threads that there are, at work or resting.</param>
/// <param name="WorkersMost">The most that there were at a time.</param>
/// <param name="Running">Pieces of work that a thread is at.</param>
/// <param name="Waiting">Pieces of work that wait for a thread.</param>
/// <param name="Done">Pieces of work that returned or threw since the kernel started.</param>
/// <param name="Refused">Offloads for which there was no room in the queue.</param>
public readonly record struct OffloadInfo(
    int Workers, int WorkersMost, int Running, int Waiting, long Done, long Refused);

/// <summary>An agent that a stop could not drain.</summary>
/// <param name="Agent">Who.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Queued">Messages that it did not get to handle.</param>
/// <param name="State">What it was doing: Waiting for something, Running a handler that did not return, or
/// Ended.</param>
public readonly record struct UndrainedAgent(AgentId Agent, string Name, int Queued, AgentState State);

/// <summary>How a stop went.</summary>
/// <param name="Undrained">Who had not finished when the deadline came.</param>
/// <param name="StuckCores">Cores whose handler did not return; their threads and journal lanes are left as
/// they are.</param>
/// <param name="JournalFailure">Why the journal could not be made durable and closed; the next start repairs
/// it.</param>
public sealed record StopReport(
    IReadOnlyList<UndrainedAgent> Undrained, IReadOnlyList<int> StuckCores, JournalException? JournalFailure)
{
    /// <summary>Offloaded work that still waited or ran when the deadline came. Its results are dead letters, its
    /// awaits cancelled; what blocks goes on by itself until it returns, or the process ends.</summary>
    public int UndrainedOffloads { get; init; }

    /// <summary>Messages that were still on their way between cores when their agents had ended: dead letters.
    /// </summary>
    public int UndrainedMessages { get; init; }

    /// <summary>Everything that was sent has been handled, everything offloaded has come home.</summary>
    public bool Drained =>
        Undrained.Count == 0 && StuckCores.Count == 0 && UndrainedOffloads == 0 && UndrainedMessages == 0;
}

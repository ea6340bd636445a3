namespace Outheis;

/// <summary>What is different about the beginning and the failing of a durable agent.</summary>
internal static unsafe class DurableStart
{
    /// <summary>What a killed run left half done has ended too many processes: it is set aside, and the agent starts
    /// once its past was read without it. False: there is nothing of that sort.</summary>
    public static bool TrySetAside(Core core, AgentCell agent)
    {
        if (agent.Past?.Open is not { } open || open.Attempts < core.Kernel.Options.AttemptsMost
            || IsResumed(agent, open) || core.Tap is null || agent.Instance!.MakeDurable() is null)
        {
            return false;
        }

        long position = open.Message.Position;
        core.Tap.RecordSpawned(agent);      // or the journal does not know of whom this speaks
        Redelivery.SetAside(core, agent, open.Message, open.Attempts);
        agent.Past.SetAside(position);
        agent.Past.IsCut = false;
        FindPast(core, agent, position);
        return true;
    }

    /// <summary>An open turn is about to be run. In the journal before it is: if it ends the process, the next one
    /// counts. A start that failed behind it does not.</summary>
    public static void NoteResumed(Core core, AgentCell agent, PastTurn open)
    {
        if (!IsResumed(agent, open))
        {
            agent.Attempts ??= [];
            agent.Attempts[open.Message.Position] = open.Attempts + 1;
            core.Tap!.RecordAttempt(JournalKind.Resumed, agent, open.Message.Position, open.Attempts + 1, "");
        }
    }

    // By this process.
    private static bool IsResumed(AgentCell agent, PastTurn open) =>
        agent.Attempts?.ContainsKey(open.Message.Position) ?? false;

    /// <summary>Gives a new instance the state that its past makes. The agent's core, before OnStart.</summary>
    public static void Restore(Core core, AgentCell agent, AgentPast? past)
    {
        agent.Durable = core.Tap is null ? null : agent.Instance!.MakeDurable();
        if (agent.Durable is not null && past is not null)
        {
            core.Timers.Rearm(agent, past.Timers, core.Kernel.Options.Codecs);
            if (core.Kernel.GivesUpSegments)
            {
                agent.Durable.TellAllAnew();      // they may have been passed over while it started
            }

            Refold.Run(core, agent, past, core.Kernel.Options.Codecs);
        }
    }

    /// <summary>After OnStart: hands over what waits, and writes the state down: what comes later builds on
    /// it.</summary>
    public static void Finish(Core core, AgentCell agent, AgentPast? past)
    {
        if (past is not null)
        {
            Redelivery.Run(core, agent, past);
        }

        if (agent.Async is { IsInTurn: true })
        {
            agent.Durable?.SnapshotSoon();      // when the open turn is over: its message was taken before, and is not
        }                                       // in the state yet
        else
        {
            agent.Durable?.Snapshot(core, agent);
        }
    }

    /// <summary>A handler threw: the message is to be tried again with the state as it was before. False: it is not
    /// that sort of agent.</summary>
    public static bool TryKeep(Core core, AgentCell agent, Message* message, Exception bug)
    {
        if (agent.Durable is null || message->Position == 0)
        {
            return false;
        }

        uint number = agent.Attempts?.GetValueOrDefault(message->Position) ?? 0;
        core.Tap!.RecordAttempt(
            JournalKind.Attempted, agent, message->Position, Math.Max(1, number),
            $"{bug.GetType().Name}: {ExitReason.MessageOf(bug)}");
        return true;
    }

    /// <summary>Before an incarnation that follows one which ended in this process, or was not to begin as it was:
    /// reads from the journal, off the core, what its state is made of.</summary>
    /// <param name="core">The agent's.</param>
    /// <param name="agent">Which is to start.</param>
    /// <param name="setAside">Not to be handled, even where the journal had no room to say so; 0: nothing.</param>
    public static void FindPast(Core core, AgentCell agent, long setAside = 0)
    {
        agent.State = AgentState.Starting;
        agent.Kernel.Platform.Host.Queue(new Reading(core, agent, setAside));
    }

    private sealed class Reading(Core core, AgentCell agent, long setAside) : KernelOp, IThreadPoolWorkItem
    {
        private readonly bool _isHandedOver = agent.Past is null;
        private readonly bool _isCut = agent.Past is { IsCut: true };      // a start that failed has not finished it
        private AgentPast? _past;
        private Exception? _failure;

        public void Execute()
        {
            try
            {
                _past = agent.Kernel.ReadPast(agent.Name);
                if (_past is not null)
                {
                    _past.SetAside(setAside);
                    _past.IsCut = _isCut;
                    _past.GivenUp = 0;
                    _past.Waiting.RemoveAll(message => !message.IsRetry && !MustHandOver(message));
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                _failure = failure;
            }

            core.Post(this);
        }

        // What was sent in this run is in its channel, and the rest too unless no incarnation came so far.
        private bool MustHandOver(LedgerMessage message) =>
            !_isHandedOver && message.Entry.Run < agent.Kernel.Recovery!.Run;

        public override void Run(Core core)
        {
            if (_failure is not null && agent.State == AgentState.Starting)
            {
                Lifecycle.End(core, agent, new ExitReason(ExitKind.Error, _failure));
                return;
            }

            agent.Past = _past;
            Lifecycle.Start(core, agent);
        }
    }
}

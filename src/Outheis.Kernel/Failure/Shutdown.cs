namespace Outheis;

/// <summary>
/// Stops a kernel: drain, cancel, end, join. The drain is over when every core was quiet in two rounds of
/// questions with the same sums and nothing between cores in either. Runs, and resumes, on the host's threads.
/// </summary>
internal static class Shutdown
{
    private static readonly TimeSpan RoundPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);      // for one end, and for a thread's

    public static async Task<StopReport> Run(Kernel kernel, TimeSpan deadline)
    {
        kernel.BeginStop();
        TimeProvider time = kernel.Options.Time;
        long start = time.GetTimestamp();
        if (!await Drain(kernel, time, start, deadline * 0.75).ConfigureAwait(true))
        {
            foreach (Core core in kernel.Cores)
            {
                core.Post(new CancelTurns());
            }

            await Drain(kernel, time, start, deadline).ConfigureAwait(true);
        }

        var undrained = new List<UndrainedAgent>();
        EndLeaving[] leaving = await EndMoves(kernel, time).ConfigureAwait(true);
        int offloads = kernel.OffloadPool.Close();
        var stuck = new List<int>();
        foreach (Core core in kernel.Cores)
        {
            var end = new EndAgents(kernel.Platform.Host);
            core.Post(end);
            bool allEnded = await AllEnd(end, time).ConfigureAwait(true);
            if (allEnded || leaving[core.Index].Done.Task.IsCompleted)
            {
                undrained.AddRange(leaving[core.Index].Undrained);
            }

            if (allEnded)
            {
                undrained.AddRange(end.Undrained);
            }

            if (!allEnded || !kernel.Platform.Threads.Stop(core, Grace))
            {
                stuck.Add(core.Index);
                kernel.Platform.Threads.Stop(core, TimeSpan.Zero);      // its thread ends when the handler returns
                undrained.AddRange(Unreached(kernel, core));
            }
        }

        int late = stuck.Count > 0 ? 0 : kernel.Cores.Sum(static core => core.BuryRest());

        JournalException? failure = kernel.Release(everyCoreStopped: stuck.Count == 0);
        // who was between a core that is stuck and another one may be told of by both
        return new StopReport([.. undrained.DistinctBy(static one => one.Agent)], stuck, failure)
        {
            UndrainedOffloads = offloads, UndrainedMessages = late,
        };
    }

    /// <summary>From here on each agent is on one core, which ends it. A stuck core keeps those that were to
    /// leave.</summary>
    private static async Task<EndLeaving[]> EndMoves(Kernel kernel, TimeProvider time)
    {
        kernel.KeepAgents();
        EndLeaving[] asked = [.. kernel.Cores.Select(_ => new EndLeaving(kernel.Platform.Host))];
        for (int i = 0; i < asked.Length; i++)
        {
            kernel.Cores[i].Post(asked[i]);
        }

        await Within(Task.WhenAll(asked.Select(static op => op.Done.Task)), Grace, time).ConfigureAwait(true);
        return asked;
    }

    private static async Task<bool> Drain(Kernel kernel, TimeProvider time, long start, TimeSpan deadline)
    {
        long? previous = null;
        while (true)
        {
            long? sum = await AskCores(kernel, time, start, deadline).ConfigureAwait(true);
            if (sum is not null && sum == previous)
            {
                return true;
            }

            previous = sum;
            if (time.GetElapsedTime(start) >= deadline)
            {
                return false;
            }

            await Task.Delay(RoundPause, time).ConfigureAwait(true);
        }
    }

    /// <summary>One round: a number that changes with everything done, or null when somebody is busy or does
    /// not answer.</summary>
    private static async Task<long?> AskCores(Kernel kernel, TimeProvider time, long start, TimeSpan deadline)
    {
        var probes = new Probe[kernel.Cores.Length];
        for (int i = 0; i < probes.Length; i++)
        {
            probes[i] = new Probe(kernel.Platform.Host);
            kernel.Cores[i].Post(probes[i]);
        }

        long between = 0, sum = 0;
        bool quiet = true;
        foreach (Probe probe in probes)
        {
            TimeSpan left = deadline - time.GetElapsedTime(start);
            if (!await Within(probe.Done.Task, left < RoundPause ? RoundPause : left, time).ConfigureAwait(true))
            {
                return null;
            }

            quiet &= probe.IsQuiet;
            between += probe.SentAway - probe.Arrived;
            sum += probe.Work;
        }

        return quiet && between == 0 ? sum : null;
    }

    /// <summary>However many agents a core has to end: it is stuck only when none ends for a while.</summary>
    private static async Task<bool> AllEnd(EndAgents end, TimeProvider time)
    {
        int before = -1;
        while (!await Within(end.Done.Task, Grace, time).ConfigureAwait(true))
        {
            int ended = end.Ended;
            if (ended == before || ended == 0)
            {
                return false;
            }

            before = ended;
        }

        return true;
    }

    private static async Task<bool> Within(Task task, TimeSpan atMost, TimeProvider time)
    {
        try
        {
            await task.WaitAsync(atMost, time).ConfigureAwait(true);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static IEnumerable<UndrainedAgent> Unreached(Kernel kernel, Core core) =>
        kernel.Agents.Snapshot()
            .Where(agent =>
                (ReferenceEquals(agent.Core, core) || agent.State == AgentState.Moving)
                && (agent.Inbox.Count > 0 || agent.State == AgentState.Running))
            .Select(static agent => new UndrainedAgent(agent.Id, agent.Name, agent.Inbox.Count, agent.State));

    private sealed class Probe(HostThreads threads) : KernelOp
    {
        public readonly HostSignal Done = new(threads);
        public bool IsQuiet;
        public long SentAway;
        public long Arrived;
        public long Work;

        public override void Run(Core core)
        {
            IsQuiet = core.IsQuiet;
            (SentAway, Arrived) = (core.SentAway, core.Counters.Arrived);
            Work = core.Counters.Turns + core.Counters.Entered + core.Counters.Arrived;
            Done.Set();
        }
    }

    private sealed class CancelTurns : KernelOp
    {
        public override void Run(Core core)
        {
            foreach (AgentCell agent in core.Kernel.Agents.Snapshot())
            {
                if (core.Has(agent))
                {
                    agent.Async?.CancelTurns();
                    agent.Offloads?.Cancel();
                }
            }
        }
    }

    private sealed class EndLeaving(HostThreads threads) : KernelOp
    {
        public readonly HostSignal Done = new(threads);
        public readonly List<UndrainedAgent> Undrained = [];      // to be read when that is done, or all have ended

        public override void Run(Core core)
        {
            core.EndLeaving(Undrained, Done.Set);
        }
    }

    /// <summary>Ends every agent of the core, the youngest first.</summary>
    private sealed class EndAgents(HostThreads threads) : KernelOp
    {
        public readonly HostSignal Done = new(threads);
        public readonly List<UndrainedAgent> Undrained = [];
        private int _ended;

        public int Ended => Volatile.Read(ref _ended);

        public override void Run(Core core)
        {
            core.DrainArrivals(evenUnjournaled: true);
            core.Offloads.PutBackAll();
            core.HasEndedAgents = true;
            core.BreakRest();
            core.AcquireAll();
            core.BuryBefore();
            foreach (AgentCell agent in core.Kernel.Agents.Snapshot().Where(core.Has)
                .OrderByDescending(static agent => (agent.Birth, agent.Id.Value)))
            {
                if (agent.Inbox.Count > 0 || agent.Async is { IsInTurn: true })
                {
                    Undrained.Add(new UndrainedAgent(agent.Id, agent.Name, agent.Inbox.Count, agent.State));
                }

                if (agent.Detached is not null)
                {
                    agent.StopWanted ??= ExitReason.Shutdown;      // when it is back, if ever: Unreached tells of it
                }
                else if (agent.State == AgentState.Ended)
                {
                    Lifecycle.Die(core, agent);
                }
                else if (agent.State != AgentState.Dead)
                {
                    Lifecycle.End(core, agent, ExitReason.Shutdown);
                }

                Volatile.Write(ref _ended, _ended + 1);
            }

            core.Tap?.Flush();
            Done.Set();
        }
    }
}

namespace Outheis.Testing;

/// <summary>The agents of one life: they pass numbered messages on, within their core and across.</summary>
internal sealed class JournalTeam
{
    private const int ActsMost = 400;

    private readonly WorkloadRun _run;
    private readonly Simulation _simulation;
    private readonly JournalHistory _history;
    private readonly List<Member> _members = [];
    private readonly int _cores;
    private bool _isSuspect;      // a flush has failed
    private int _left;
    private Task? _stop;
    private StopReport? _report;

    public JournalTeam(WorkloadRun run, Simulation simulation, JournalHistory history)
    {
        (_run, _simulation, _history) = (run, simulation, history);
        _cores = simulation.Kernel.ListCores().Count;
        _left = run.Choices.Pick([60, 300, 800]);
        for (int i = 0; i < history.CoreOf.Length; i++)
        {
            history.CoreOf[i] = run.Choices.Draw(_cores);
            var member = new Member(this, i);
            var options = new SpawnOptions { Core = history.CoreOf[i], Capacity = run.Choices.Pick([256, 4, 32]) };
            member.Id = simulation.Kernel.Spawn($"member {i} of {history.Life}", () => member, options);
            _members.Add(member);
        }

        foreach (Member member in _members)
        {
            member.Ways = [.. _members.Select(to => new Way(
                simulation.Kernel.GrantTo<Small>(member.Id, to.Id),
                simulation.Kernel.GrantTo<Large>(member.Id, to.Id)))];
        }

        Way[] ofHost = [.. _members.Select(to => new Way(
            simulation.Kernel.Grant<Small>(to.Id), simulation.Kernel.Grant<Large>(to.Id)))];
        int acts = 0;
        simulation.AddActor("host", () => Begin(ofHost) && ++acts < ActsMost);
    }

    public bool IsStopped => _report is not null;

    /// <summary>It ended as it should, and said so in every lane.</summary>
    public bool IsClosed =>
        _simulation.Killed is null && _report is { StuckCores.Count: 0, JournalFailure: null };

    /// <summary>Waits for a while and then stops the kernel, so that the process may die in that.</summary>
    public void StopSoon()
    {
        int waits = _run.Choices.Draw(100);
        _simulation.AddActor("stops", () =>
        {
            if (waits-- <= 0)
            {
                _stop = StopAsync();
            }

            return _stop is null;
        });
    }

    /// <summary>Stops it now. The process may die in that.</summary>
    public void Stop()
    {
        _simulation.AddActor("stops", () =>
        {
            _stop = StopAsync();
            return false;
        });
        _simulation.RunToEnd();
        _simulation.Require(
            !_isSuspect || !IsClosed, "ES-44", "a run whose flush had failed was closed without a word.");
    }

    /// <summary>Makes everything durable now and then; meanwhile the system writes some pages by itself.</summary>
    /// <param name="disk">The journal's.</param>
    /// <param name="flushed">Hears which core's lane is durable up to where, and how much of this life.</param>
    public void FlushNowAndThen(SimulatedDisk disk, Action<int, long, HistoryMark> flushed)
    {
        int acts = _run.Choices.Pick([0, 4, 20]);
        _simulation.AddActor("flushes", () =>
        {
            if (acts-- <= 0 || _simulation.Kernel.IsStopping)
            {
                return false;
            }

            switch (_run.Choices.Draw(20))
            {
                case 0:
                    _ = FlushAsync(flushed);
                    break;
                case 1:
                    disk.WriteBack(_run.Choices);
                    break;
            }

            return true;
        });
    }

    private async Task StopAsync() => _report = await _simulation.Kernel.StopAsync().ConfigureAwait(true);

    private async Task FlushAsync(Action<int, long, HistoryMark> flushed)
    {
        HistoryMark mark = _history.Mark();
        long[] positions = [.. _simulation.Kernel.Cores.Select(static core => core.Tap!.Lane.Position)];
        bool wasSuspect = _isSuspect;
        try
        {
            await _simulation.Kernel.FlushAsync().ConfigureAwait(true);
            _run.Note("flushes");
            _simulation.Require(!wasSuspect, "ES-44", "a flush was believed after one had failed.");
            for (int core = 0; core < _cores && _simulation.Killed is null; core++)
            {
                flushed(core, positions[core], mark);
            }
        }
        catch (JournalException)
        {
            _run.Note("flushes that failed");
            _isSuspect = true;
        }
    }

    private bool Begin(Way[] ways)
    {
        for (int burst = 1 + _run.Choices.Draw(4); burst > 0; burst--)
        {
            int to = _run.Choices.Draw(ways.Length);
            Numbered message = _history.BeginHostSend(to);
            SendResult result = _run.Choices.Draw(4) == 0
                ? ways[to].Large.Send(new Large(message))
                : ways[to].Small.Send(new Small(message));
            _history.EndHostSend(to, result);
        }

        return _left > 0;
    }

    private readonly record struct Way(Capability<Small> Small, Capability<Large> Large);

    private sealed class Member(JournalTeam team, int index) : Agent, IHandle<Small>, IHandle<Large>
    {
        public AgentId Id { get; set; }

        public Way[] Ways { get; set; } = [];

        public void Handle(in Small message, Context context) => PassOn(message.Id, context);

        public void Handle(in Large message, Context context)
        {
            team._simulation.Require(message.IsWhole, "INV-03", $"{message.Id} came in pieces.");
            PassOn(message.Id, context);
        }

        private void PassOn(Numbered taken, Context context)
        {
            if (team._simulation.Killed is null)
            {
                team._history.Taken(taken);
            }

            Choices choices = team._run.Choices;
            int more = choices.Chance(10) ? choices.Draw(40) : choices.Draw(3);
            for (; more > 0 && team._left > 0 && Ways.Length > 0; more--)
            {
                team._left--;
                int to = choices.Draw(Ways.Length);
                Numbered message = team._history.BeginSend(index, to);
                SendResult result = choices.Draw(4) == 0
                    ? context.Send(Ways[to].Large, new Large(message))
                    : context.Send(Ways[to].Small, new Small(message));
                team._history.EndSend(message, result, team._simulation.Killed is null);
                team._run.Note($"sends {result}");
            }
        }
    }
}

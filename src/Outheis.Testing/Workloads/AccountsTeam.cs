namespace Outheis.Testing;

/// <summary>What is passed on.</summary>
/// <param name="Id">Which one.</param>
/// <param name="Hops">How often still.</param>
internal readonly record struct Transfer(int Id, int Hops);

/// <summary>All that an account knows: of what it took, in its order, with what it saw.</summary>
internal readonly record struct AccountState(
    long Taken, ulong Order, ulong Chance, long Clock, long Outside, long Doubts)
{
    public AccountState After(Transfer taken) => this with
    {
        Taken = Taken + 1,
        Order = (Order * 1099511628211) + ((ulong)(uint)taken.Id << 8) + (uint)taken.Hops + 1,
    };
}

/// <summary>The durable agents of one life, and who feeds them.</summary>
internal sealed class AccountsTeam
{
    private const int PoisonOneIn = 32;

    public static readonly MessageCodecs Codecs = new MessageCodecs().Add<Transfer>().AddRequest<Look, AccountState>();

    private readonly WorkloadRun _run;
    private readonly Simulation _simulation;
    private readonly Dictionary<string, AgentId> _accounts = [];

    public AccountsTeam(WorkloadRun run, Simulation simulation, int agents, int transfers)
    {
        (_run, _simulation) = (run, simulation);
        Kernel kernel = simulation.Kernel;
        AgentId overseer = kernel.Spawn("overseer", static () => new Overseer());
        for (int i = 0; i < agents; i++)
        {
            string name = $"account {i}";
            bool acts = i % 2 == 1;
            _accounts[name] = kernel.Spawn(
                name, who => acts ? new ActingAccount(this, who) : new Account(this, who),
                new SpawnOptions { Supervisor = overseer, Capacity = run.Choices.Pick([256, 4, 16]) });
        }

        Capability<Transfer>[] to = [.. _accounts.Values.Select(id => kernel.Grant<Transfer>(id))];
        int next = run.Choices.Draw(1 << 20) << 8;
        simulation.AddActor("host", () =>
        {
            for (int burst = 1 + run.Choices.Draw(5); burst > 0 && transfers > 0; burst--, transfers--)
            {
                SendResult sent = run.Choices.Pick(to).Send(new Transfer(next++, run.Choices.Draw(4)));
                run.Note($"sends {sent}");
            }

            return transfers > 0;
        });
    }

    /// <summary>What every account that can says of itself, at rest.</summary>
    public Dictionary<string, AccountState> AskAll()
    {
        Dictionary<string, AccountState> states = [];
        foreach ((string name, AgentId id) in _accounts)
        {
            AskCapability<Look, AccountState> look =
                _run.IfAlive(() => _simulation.Kernel.GrantAsk<Look, AccountState>(id));
            _simulation.AddActor("asks", () =>
            {
                _ = KeepAsync(name, look, states);
                return false;
            });
            _simulation.RunToEnd(TimeSpan.FromMinutes(1));
        }

        return states;
    }

    /// <summary>Waits until every batch of what was taken is in the journal.</summary>
    public void TellTaken()
    {
        foreach (Core core in _simulation.Kernel.Cores)
        {
            core.Post(new Tell());
        }

        _simulation.RunToEnd(TimeSpan.FromSeconds(1));
    }

    public void Stop()
    {
        _simulation.AddActor("stops", () =>
        {
            _ = _simulation.Kernel.StopAsync();
            return false;
        });
        _simulation.RunToEnd();
    }

    private async Task KeepAsync(
        string name, AskCapability<Look, AccountState> look, Dictionary<string, AccountState> states)
    {
        try
        {
            AccountState state = await look.AskAsync(default).ConfigureAwait(true);
            if (_simulation.Killed is null)
            {
                states[name] = state;
            }
        }
        catch (AskException)
        {
            _run.Note("could not be asked");
        }
    }

    private Capability<Transfer>[] WaysOf(Endowment who) =>
        [.. _accounts.Values.Select(id => who.Grant<Transfer>(id))];

    internal readonly record struct Look;

    private sealed class Tell : KernelOp
    {
        public override void Run(Core core) => core.Tap?.Flush();
    }

    private sealed class Overseer : Agent, IHandle<ExitSignal>
    {
        public void Handle(in ExitSignal message, Context context) => context.Restart(message.Agent);
    }

    // What it did outside is told again at the next attempt, until the last one.
    private static void Refuse(in Transfer message)
    {
        if (message.Id % PoisonOneIn == PoisonOneIn - 1)
        {
            throw new InvalidOperationException("a message that nobody can handle");
        }
    }

    /// <summary>Passes on to whom chance says.</summary>
    private sealed class Account(AccountsTeam team, Endowment who)
        : DurableAgent<AccountState>(default), IHandle<Transfer>, IAnswer<Look, AccountState>
    {
        private readonly Capability<Transfer>[] _ways = team.WaysOf(who);

        public void Handle(in Transfer message, Context context)
        {
            ulong chance = context.NextRandom();
            long clock = context.UtcNow.UtcTicks;
            Refuse(message);
            if (message.Hops > 0 && _ways.Length > 0)
            {
                _ = context.Send(_ways[(int)(chance % (ulong)_ways.Length)], message with { Hops = message.Hops - 1 });
            }

            State = State.After(message) with { Chance = State.Chance ^ chance, Clock = State.Clock ^ clock };
        }

        public AccountState Answer(in Look request, Context context) => State;
    }

    /// <summary>Acts on the world outside before it passes on.</summary>
    private sealed class ActingAccount(AccountsTeam team, Endowment who)
        : DurableAgent<AccountState>(default), IHandleAsync<Transfer>, IAnswer<Look, AccountState>
    {
        private readonly Capability<Transfer>[] _ways = team.WaysOf(who);

        public async ValueTask HandleAsync(
            Transfer message, AgentContext context, CancellationToken cancellationToken)
        {
            Effect<long> acted = await context.EffectAsync("act", async (_, _) =>
            {
                await Task.Yield();
                team._run.Note("effects run");
                return message.Id + 1L;
            }).ConfigureAwait(true);
            Refuse(message);
            if (message.Hops > 0 && _ways.Length > 0)
            {
                _ = context.Send(_ways[message.Id % _ways.Length], message with { Hops = message.Hops - 1 });
            }

            State = acted.Outcome == EffectOutcome.Done
                ? State.After(message) with { Outside = State.Outside + acted.Value }
                : State.After(message) with { Doubts = State.Doubts + 1 };
        }

        public AccountState Answer(in Look request, Context context) => State;
    }
}

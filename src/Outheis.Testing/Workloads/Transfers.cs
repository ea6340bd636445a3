using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// A bank. Accounts send each other money as messages; balances and the ledger of all transfers lie outside the agents,
/// as in a store that outlives them. Channels are small, accounts crash and start again, one may be closed for good.
/// </summary>
internal sealed class Transfers : Workload
{
    private const int ActsMost = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    public override string Name => "transfers";

    public override string Promise => "each transfer is credited once and to the right account, or is a dead letter";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        var bank = new Bank(run, simulation, accounts: 2 + run.Choices.Draw(5), most: run.Choices.Pick([40, 150, 500]));
        AgentId supervisor = simulation.Kernel.Spawn(
            "restarts accounts", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        for (int i = 0; i < bank.Accounts; i++)
        {
            int index = i;
            var options = new SpawnOptions
            {
                Core = run.Choices.Draw(simulation.Kernel.ListCores().Count),
                Capacity = run.Choices.Pick([32, 1, 3, 128]),
                Qos = (Qos)run.Choices.Draw(5),
                Supervisor = supervisor,
            };
            bank.Ids[i] = simulation.Kernel.Spawn(
                $"account {i}", endowment => new Account(bank, index, endowment), options);
        }

        bank.Introduce();
        AddTeller(run, simulation, bank);
        if (run.Choices.Chance(3))
        {
            AddClosing(run, simulation, bank);
        }

        simulation.RunToEnd();
        bank.Audit();
    }

    /// <summary>The host's own account: pays in, and has accounts pay each other.</summary>
    private static void AddTeller(WorkloadRun run, Simulation simulation, Bank bank)
    {
        Kernel kernel = simulation.Kernel;
        int teller = bank.Accounts;
        Capability<Transfer>[] ways =
            [.. Enumerable.Range(0, teller).Select(i => kernel.Grant<Transfer>(bank.Ids[i], badge: (ulong)teller + 1))];
        Capability<PayAll>[] pay = [.. Enumerable.Range(0, teller).Select(i => kernel.Grant<PayAll>(bank.Ids[i]))];
        Capability<PaySlowly>[] paySlowly =
            [.. Enumerable.Range(0, teller).Select(i => kernel.Grant<PaySlowly>(bank.Ids[i]))];
        int acts = 0;
        simulation.AddActor("teller", () =>
        {
            int at = run.Choices.Draw(teller);
            switch (run.Choices.Draw(4))
            {
                case 0 when bank.Begin(teller) is { } transfer:
                    bank.End(transfer, ways[transfer.To].Send(transfer));
                    break;
                case 1 when bank.Begin(teller) is { } transfer:
                    bank.Owe(SendSlowly(ways[transfer.To], transfer));
                    break;
                case 2:
                    pay[at].Send(new PayAll(1 + run.Choices.Draw(200)));
                    break;
                case 3:
                    paySlowly[at].Send(new PaySlowly(1 + run.Choices.Draw(8)));
                    break;
            }

            return bank.HasMore && ++acts < ActsMost;      // all the money may lie in a closed account
        });

        async Task SendSlowly(Capability<Transfer> way, Transfer transfer)
        {
            using var patience = new CancellationTokenSource(Patience, simulation.ApplicationTime);
            try
            {
                ValueTask<SendResult> sent = way.SendAsync(transfer, patience.Token);
                run.Note("host waits for room", sent.IsCompleted ? 0 : 1);
                bank.End(transfer, await sent.ConfigureAwait(true));
            }
            catch (OperationCanceledException)
            {
                // The wait may have ended and the send begun when time ran out: it may have been sent or not.
            }
        }
    }

    private static void AddClosing(WorkloadRun run, Simulation simulation, Bank bank)
    {
        int waits = run.Choices.Draw(200);
        simulation.AddActor("closes an account", () =>
        {
            if (waits-- > 0)
            {
                return true;
            }

            run.Note("accounts closed");
            bank.Owe(simulation.Kernel.StopAgentAsync(bank.Ids[run.Choices.Draw(bank.Accounts)]));
            return false;
        });
    }

    private readonly record struct Transfer(int Id, int From, int To, long Amount);

    private readonly record struct PayAll(int Times);

    private readonly record struct PaySlowly(int Times);

    /// <summary>Has no state: whatever must outlive a crash is the bank's.</summary>
    private sealed class Account : Agent, IHandle<Transfer>, IHandle<PayAll>, IHandleAsync<PaySlowly>
    {
        private readonly Bank _bank;
        private readonly int _index;

        public Account(Bank bank, int index, Endowment endowment)
        {
            (_bank, _index) = (bank, index);
            for (int i = 0; i < bank.Accounts && bank.Ids[i] != AgentId.Host; i++)
            {
                AgentId to = bank.Ids[i];
                bank.Ways[index, i] = bank.IfAlive(() => endowment.Grant<Transfer>(to, badge: (ulong)index + 1));
            }
        }

        public void Handle(in Transfer message, Context context)
        {
            for (int more = _bank.Draw(3); more > 0; more--)
            {
                Pay(context);
            }

            // Last: whoever crashes on the way has not credited, and the message is a dead letter.
            _bank.Credit(message, _index, context.Badge, context.Sender);
        }

        public void Handle(in PayAll message, Context context)
        {
            for (int i = 0; i < message.Times; i++)
            {
                Pay(context);
            }
        }

        public async ValueTask HandleAsync(PaySlowly message, AgentContext context, CancellationToken cancellationToken)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using ITimer timer = _bank.After(Patience, patience.Cancel);
            for (int i = 0; i < message.Times && _bank.Begin(_index) is { } transfer; i++)
            {
                // Accounts that wait for each other's room, or for their own, would wait for ever.
                await SendAsync(context, transfer, patience.Token).ConfigureAwait(true);
            }
        }

        private async ValueTask SendAsync(AgentContext context, Transfer transfer, CancellationToken token)
        {
            try
            {
                ValueTask<SendResult> sent = context.SendAsync(_bank.Ways[_index, transfer.To], transfer, token);
                _bank.Note("account waits for room", sent.IsCompleted ? 0 : 1);
                _bank.End(transfer, await sent.ConfigureAwait(true));
            }
            catch (OperationCanceledException)
            {
                _bank.End(transfer, SendResult.Full);      // on the agent's core a wait that ended has not sent
            }
        }

        private void Pay(Context context)
        {
            if (_bank.Begin(_index) is { } transfer)
            {
                _bank.End(transfer, context.Send(_bank.Ways[_index, transfer.To], transfer));
            }
        }
    }

    private sealed class Entry(Transfer transfer)
    {
        public Transfer Transfer => transfer;

        public Stage Stage { get; set; }

        public bool IsCredited { get; set; }
    }

    private enum Stage
    {
        InDoubt,      // sent or not: whoever sent it crashed before it was told
        Accepted,
        Refused,
    }

    /// <summary>What a database would hold.</summary>
    private sealed class Bank(WorkloadRun run, Simulation simulation, int accounts, int most)
    {
        private const long Opening = 1000;

        private readonly List<Entry> _ledger = [];
        private readonly long[] _balances = [.. Enumerable.Repeat(Opening, accounts + 1)];
        private readonly List<Task> _owed = [];
        private readonly DeadLetterLog _deadLetters = new(simulation);

        public int Accounts => accounts;

        public AgentId[] Ids { get; } = new AgentId[accounts];

        public Capability<Transfer>[,] Ways { get; } = new Capability<Transfer>[accounts, accounts];

        public bool HasMore => _ledger.Count < most;

        public int Draw(int bound) => run.Choices.Draw(bound);

        public void Note(string state, int times) => run.Note(state, times);

        public Capability<Transfer> IfAlive(Func<Capability<Transfer>> grant) => run.IfAlive(grant);

        public void Owe(Task task) => _owed.Add(task);

        public ITimer After(TimeSpan time, Action then) =>
            simulation.ApplicationTime.CreateTimer(_ => then(), null, time, Timeout.InfiniteTimeSpan);

        /// <summary>The ways between accounts that did not know each other when they were born.</summary>
        public void Introduce()
        {
            for (int from = 0; from < accounts; from++)
            {
                for (int to = 0; to < accounts; to++)
                {
                    Ways[from, to] = simulation.Kernel.GrantTo<Transfer>(Ids[from], Ids[to], badge: (ulong)from + 1);
                }
            }
        }

        /// <summary>Debits an account. Null: nothing left, or enough was done.</summary>
        public Transfer? Begin(int from)
        {
            _deadLetters.Collect();
            if (!HasMore || _balances[from] == 0)
            {
                return null;
            }

            long amount = 1 + Draw((int)Math.Min(_balances[from], 100));
            var transfer = new Transfer(_ledger.Count, from, Draw(accounts), amount);
            _ledger.Add(new Entry(transfer));
            _balances[from] -= amount;
            return transfer;
        }

        /// <summary>The sender has been told; a refused transfer is refunded.</summary>
        public void End(Transfer transfer, SendResult result)
        {
            Entry entry = _ledger[transfer.Id];
            run.Note($"sends {result}");
            entry.Stage = result == SendResult.Sent ? Stage.Accepted : Stage.Refused;
            if (entry.Stage == Stage.Refused)
            {
                simulation.Require(!entry.IsCredited, "INV-01", $"{transfer} was refused ({result}) and is credited.");
                _balances[transfer.From] += transfer.Amount;
            }
        }

        public void Credit(Transfer transfer, int by, ulong badge, AgentId sender)
        {
            _deadLetters.Collect();
            Entry entry = _ledger[transfer.Id];
            simulation.Require(entry.Transfer == transfer, "INV-01", $"{transfer} came, {entry.Transfer} was sent.");
            simulation.Require(transfer.To == by, "INV-01", $"{transfer} came to account {by}.");
            simulation.Require(!entry.IsCredited, "INV-01", $"{transfer} came twice.");
            simulation.Require(entry.Stage != Stage.Refused, "INV-01", $"{transfer} was refused and came.");
            simulation.Require(
                badge == (ulong)transfer.From + 1 && sender == IdOf(transfer.From), "INV-15",
                $"{transfer} came from {sender} with badge {badge}.");
            entry.IsCredited = true;
            _balances[by] += transfer.Amount;
        }

        /// <summary>At the end, with nothing under way: every transfer is explained, and no money was made or
        /// lost.</summary>
        public void Audit()
        {
            _deadLetters.Collect();
            simulation.Require(
                _owed.TrueForAll(static task => task.IsCompletedSuccessfully), "INV-08",
                "a wait of the host never ended.");
            for (int from = 0; from <= accounts; from++)
            {
                for (int to = 0; to < accounts; to++)
                {
                    AuditWay(from, to);
                }
            }

            long underWay = _ledger.Where(static entry => !entry.IsCredited && entry.Stage != Stage.Refused)
                .Sum(static entry => entry.Transfer.Amount);
            simulation.Require(
                _balances.Sum() + underWay == Opening * (accounts + 1), "INV-01",
                $"the sum is {_balances.Sum()}, uncredited {underWay}.");
            run.Note("in doubt", _ledger.Count(static entry => entry.Stage == Stage.InDoubt));
            run.Note("dead letters", _deadLetters.Count);
        }

        /// <summary>Accepted and not credited: then there is a dead letter for it. And no other one, but for those in
        /// doubt.</summary>
        private void AuditWay(int from, int to)
        {
            int missing = 0, inDoubt = 0;
            foreach (Entry entry in _ledger)
            {
                if (entry.Transfer.From == from && entry.Transfer.To == to && !entry.IsCredited)
                {
                    missing += entry.Stage == Stage.Accepted ? 1 : 0;
                    inDoubt += entry.Stage == Stage.InDoubt ? 1 : 0;
                }
            }

            int dead = _deadLetters.Between(IdOf(from), Ids[to], nameof(Transfer));
            simulation.Require(
                missing <= dead && dead <= missing + inDoubt, "INV-01",
                $"from {from} to {to}: {missing} accepted and not credited, {inDoubt} in doubt, {dead} dead letters.");
        }

        private AgentId IdOf(int account) => account == accounts ? AgentId.Host : Ids[account];
    }
}

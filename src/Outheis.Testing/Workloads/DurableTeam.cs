namespace Outheis.Testing;

/// <summary>Who waits for the disk in one life: hosts that send and ask, agents that pass on, all with numbered
/// messages.</summary>
internal sealed class DurableTeam
{
    private const int AgentsMost = 4;

    private readonly WorkloadRun _run;
    private readonly Simulation _simulation;
    private readonly Durability _durability;
    private readonly int _life;
    private readonly HashSet<Numbered> _told;
    private readonly List<Capability<Small>> _sends = [];
    private readonly List<AskCapability<Small, int>> _asks = [];
    private int _number;
    private int _left;
    private bool _hasFailed;      // a flush has, and somebody was told

    public DurableTeam(
        WorkloadRun run, Simulation simulation, Durability durability, int life, HashSet<Numbered> told)
    {
        (_run, _simulation, _durability, _life, _told) = (run, simulation, durability, life, told);
        _left = run.Choices.Pick([20, 100, 400]);
        int agents = 2 + run.Choices.Draw(AgentsMost);
        Kernel kernel = simulation.Kernel;
        AgentId[] sinks = [.. Enumerable.Range(0, agents).Select(i =>
            kernel.Spawn($"sink {i}", static () => new Sink(), Draw()))];
        foreach (AgentId sink in sinks)
        {
            AgentId to = run.Choices.Pick(sinks);
            AgentId relay = kernel.Spawn("relay", who => new Relay(this, who.Grant<Small>(to)), Draw());
            _sends.Add(kernel.Grant<Small>(sink));
            _sends.Add(kernel.Grant<Small>(relay));
            _asks.Add(kernel.GrantAsk<Small, int>(sink));
        }

        for (int host = 1 + run.Choices.Draw(6); host > 0; host--)
        {
            simulation.AddActor($"host {host}", () =>
            {
                _ = ActAsync();
                return false;
            });
        }
    }

    /// <summary>Stops the kernel. The process may die in that.</summary>
    public void Stop()
    {
        _simulation.AddActor("stops", () =>
        {
            _ = _simulation.Kernel.StopAsync();
            return false;
        });
        _simulation.RunToEnd();
    }

    private SpawnOptions Draw() => new() { Capacity = _run.Choices.Pick([64, 1, 4]) };

    private Small Next(int from)
    {
        _left--;
        return new Small(new Numbered(_life, (short)from, 0, ++_number));
    }

    private async Task ActAsync()
    {
        while (_left > 0)
        {
            await ActOnceAsync().ConfigureAwait(true);
        }
    }

    private async Task ActOnceAsync()
    {
        if (_durability == Durability.Durable && _run.Choices.Chance(4))
        {
            Small request = Next(-2);
            await TellAsync(request, async () =>
            {
                await _run.Choices.Pick([.. _asks]).AskAsync(request).ConfigureAwait(true);
                return SendResult.Sent;
            }).ConfigureAwait(true);
            return;
        }

        Small message = Next(-1);
        Capability<Small> to = _run.Choices.Pick([.. _sends]);
        await TellAsync(message, () => _durability == Durability.Durable && _run.Choices.Chance(2)
            ? to.SendAsync(message)
            : to.SendAsync(message, Durability.Durable)).ConfigureAwait(true);
    }

    /// <summary>Waits for one message to be durable, and remembers if that was said.</summary>
    private async Task TellAsync(Small message, Func<ValueTask<SendResult>> send)
    {
        bool hadFailed = _hasFailed;
        try
        {
            SendResult result = await send().ConfigureAwait(true);
            _run.Note($"durable sends {result}");
            _simulation.Require(
                result is SendResult.Sent or SendResult.NotDurable or SendResult.Dead, "INV-31", $"{result} was told.");
            _simulation.Require(
                result != SendResult.Sent || !hadFailed, "ES-44", $"{message} was told durable after a failed flush.");
            if (result == SendResult.Sent && _simulation.Killed is null)
            {
                _told.Add(message.Id);
            }
        }
        catch (JournalException)
        {
            _run.Note("flushes that failed");
            _hasFailed = true;
        }
        catch (AskException failure)
        {
            _simulation.Require(
                failure.Outcome is AskOutcome.NotDurable or AskOutcome.Dead or AskOutcome.Full or AskOutcome.TimedOut,
                "INV-07", failure.ToString());
        }
        catch (OperationCanceledException)
        {
            _run.Note("turns that were cancelled");
        }
    }

    private sealed class Sink : Agent, IHandle<Small>, IAnswer<Small, int>
    {
        public void Handle(in Small message, Context context)
        {
        }

        public int Answer(in Small request, Context context) => request.Id.Number;
    }

    private sealed class Relay(DurableTeam team, Capability<Small> onward) : Agent, IHandleAsync<Small>
    {
        public async ValueTask HandleAsync(Small message, AgentContext context, CancellationToken cancellationToken)
        {
            Small next = team.Next(1);
            await team.TellAsync(next, () => context.SendAsync(
                onward, next, Durability.Durable, cancellationToken)).ConfigureAwait(true);
        }
    }
}

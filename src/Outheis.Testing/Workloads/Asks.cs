using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Everybody asks everybody: agents in their asynchronous turns and the host, with short timeouts and tokens that fire.
/// Callees answer at once, later, never, throw, crash, stop themselves or ask on. Each ask ends exactly once, with the
/// right reply or for a reason that was there, and whoever is not waited for any more is told.
/// </summary>
internal sealed partial class Asks : Workload
{
    public override string Name => "asks";

    public override string Promise => "each ask ends once, with its own reply or for a reason that was there";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        Kernel kernel = simulation.Kernel;
        var book = new AskBook(
            run, simulation, peers: 2 + run.Choices.Draw(4), asksMost: run.Choices.Pick([40, 150, 300]));
        AgentId supervisor = kernel.Spawn(
            "restarts peers", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        for (int i = 0; i < book.Peers; i++)
        {
            int index = i;
            var options = new SpawnOptions
            {
                Core = run.Choices.Draw(kernel.ListCores().Count),
                Capacity = run.Choices.Pick([64, 1, 3, 8]),
                Qos = (Qos)run.Choices.Draw(5),
                Supervisor = supervisor,
            };
            book.Ids[i] = kernel.Spawn($"peer {i}", born => new Peer(book, index, born), options);
        }

        for (int from = 0; from < book.Peers; from++)
        {
            for (int to = 0; to < book.Peers; to++)
            {
                book.AgentWays[from, to] = new Way(
                    kernel.GrantAskTo<Now, Reply>(book.Ids[from], book.Ids[to]),
                    kernel.GrantAskTo<Later, ReplyLetter>(book.Ids[from], book.Ids[to]));
            }
        }

        AddHost(run, simulation, book);
        simulation.RunToEnd();
        book.Check();
    }

    private static void AddHost(WorkloadRun run, Simulation simulation, AskBook book)
    {
        Kernel kernel = simulation.Kernel;
        Way[] ways = [.. book.Ids.Select(
            to => new Way(kernel.GrantAsk<Now, Reply>(to), kernel.GrantAsk<Later, ReplyLetter>(to)))];
        Capability<Go>[] go = [.. book.Ids.Select(to => kernel.Grant<Go>(to))];
        simulation.AddActor("has peers ask", () =>
        {
            go[run.Choices.Draw(book.Peers)].Send(new Go(1 + run.Choices.Draw(4)));
            return book.HasMore;
        });
        simulation.AddActor("asks", () =>
        {
            if (run.Choices.Draw(4) == 0 && book.Begin(AskBook.Host, default) is { } ask)
            {
                Way way = ways[ask.To];
                book.Owe(ask.IsLater
                    ? book.End(ask, way.Later.AskAsync(new Later(ask.Id, ask.Deed), ask.Timeout, ask.Token))
                    : book.End(ask, way.Now.AskAsync(new Now(ask.Id, ask.Deed), ask.Timeout, ask.Token)));
            }

            return book.HasMore;
        });
        simulation.AddActor("cancels", () =>
        {
            book.CancelOne();
            return book.HasMore;
        });
        if (run.Choices.Chance(3))
        {
            int waits = run.Choices.Draw(150);
            simulation.AddActor("stops a peer", () =>
            {
                if (waits-- > 0)
                {
                    return true;
                }

                int peer = run.Choices.Draw(book.Peers);
                run.Note("peers stopped by the host");
                book.Owe(kernel.StopAgentAsync(book.Ids[peer]));
                return false;
            });
        }
    }

    /// <summary>What the callee is to do.</summary>
    private enum Deed
    {
        Answer,
        Throw,
        Stop,
        Wait,              // a drawn time, ends early if its token fires
        WaitDeaf,          // a drawn time, does not look at its token
        WaitForToken,      // until its token fires
        AskOn,
        ThrowLater,
    }

    private readonly record struct Go(int Asks);

    private readonly record struct Now(int Id, Deed Deed);

    private readonly record struct Later(int Id, Deed Deed);

    private readonly record struct Reply(int Id, int By);

    private sealed record ReplyLetter(int Id, int By);

    private readonly record struct Way(AskCapability<Now, Reply> Now, AskCapability<Later, ReplyLetter> Later);

    /// <summary>The bug of a callee that was told to have one.</summary>
    private sealed class DeedException : Exception;

    private sealed class Peer : Agent, IHandleAsync<Go>, IAnswer<Now, Reply>, IAnswerAsync<Later, ReplyLetter>
    {
        private readonly AskBook _book;
        private readonly int _index;

        public Peer(AskBook book, int index, Endowment born)
        {
            (_book, _index) = (book, index);
            for (int i = 0; i < book.Peers && book.Ids[i] != AgentId.Host; i++)
            {
                AgentId to = book.Ids[i];
                book.AgentWays[index, i] = AskBook.IfAlive(
                    () => new Way(born.GrantAsk<Now, Reply>(to), born.GrantAsk<Later, ReplyLetter>(to)));
            }
        }

        protected internal override void OnStop(ExitReason reason) => _book.Ended(_index, reason);

        public async ValueTask HandleAsync(Go message, AgentContext context, CancellationToken cancellationToken)
        {
            using IDisposable turn = _book.Enter(_index);
            for (int i = 0; i < message.Asks; i++)
            {
                await AskOneAsync(context, cancellationToken).ConfigureAwait(true);
            }
        }

        public Reply Answer(in Now request, Context context)
        {
            _book.Taken(request.Id, _index);
            switch (request.Deed)
            {
                case Deed.Throw:
                    throw new DeedException();
                case Deed.Stop:
                    context.Stop();
                    break;
            }

            _book.Answered(request.Id, _index);
            return new Reply(request.Id, _index);
        }

        public async ValueTask<ReplyLetter> AnswerAsync(
            Later request, AgentContext context, CancellationToken cancellationToken)
        {
            _book.Taken(request.Id, _index);
            using IDisposable turn = _book.Enter(_index);
            switch (request.Deed)
            {
                case Deed.Throw:
                    throw new DeedException();
                case Deed.Stop:
                    context.Stop();
                    break;
                case Deed.Wait:
                    await _book.Delay(cancellationToken).ConfigureAwait(true);
                    break;
                case Deed.WaitDeaf:
                    await _book.Delay(CancellationToken.None).ConfigureAwait(true);
                    break;
                case Deed.WaitForToken:
                    await AskBook.UntilFired(cancellationToken).ConfigureAwait(true);
                    break;
                case Deed.AskOn:
                    await AskOneAsync(context, cancellationToken).ConfigureAwait(true);
                    break;
                case Deed.ThrowLater:
                    await _book.Delay(CancellationToken.None).ConfigureAwait(true);
                    throw new DeedException();
            }

            _book.Answered(request.Id, _index);
            return new ReplyLetter(request.Id, _index);
        }

        /// <summary>One ask, awaited to its end whatever that is.</summary>
        private async Task AskOneAsync(AgentContext context, CancellationToken turn)
        {
            if (_book.Begin(_index, turn) is not { } ask)
            {
                return;
            }

            Way way = _book.AgentWays[_index, ask.To];
            await (ask.IsLater
                ? _book.End(ask, context.AskAsync(way.Later, new Later(ask.Id, ask.Deed), ask.Timeout, ask.Token))
                : _book.End(ask, context.AskAsync(way.Now, new Now(ask.Id, ask.Deed), ask.Timeout, ask.Token)))
                .ConfigureAwait(true);
        }
    }
}

using System.Runtime.CompilerServices;
using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Agents and the host take streams of each other's: fast and slow, to the end or to a break, with tokens, short
/// timeouts and rights that are revoked; producers throw, wait, never end, are stopped and crash. Items come in order,
/// each once, no producer is ahead by more than the window, both sides of every stream end, and each end has a reason.
/// </summary>
internal sealed partial class Streams : Workload
{
    public override string Name => "streams";

    public override string Promise =>
        "the items of a stream come in order, once, never more ahead than its window; both its sides end";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        Kernel kernel = simulation.Kernel;
        var book = new StreamBook(
            run, simulation, peers: 2 + run.Choices.Draw(3), streamsMost: run.Choices.Pick([20, 60, 120]));
        AgentId supervisor = kernel.Spawn(
            "restarts peers", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        for (int i = 0; i < book.Peers; i++)
        {
            int index = i;
            Reentrancy reenters = run.Choices.Chance(2) ? Reentrancy.Always : Reentrancy.None;
            book.Ids[i] = kernel.Spawn($"peer {i}", () => new Peer(book, index, reenters), new SpawnOptions
            {
                Core = run.Choices.Draw(kernel.ListCores().Count),
                Capacity = run.Choices.Pick([64, 2, 8]),
                Qos = (Qos)run.Choices.Draw(5),
                Supervisor = supervisor,
            });
        }

        AddHost(run, simulation, book);
        simulation.RunToEnd();
        book.Check();
    }

    private static void AddHost(WorkloadRun run, Simulation simulation, StreamBook book)
    {
        Kernel kernel = simulation.Kernel;
        StreamCapability<Ask, Item>[] ways = [.. book.Ids.Select(to => kernel.GrantStream<Ask, Item>(to))];
        Capability<Go>[] go = [.. book.Ids.Select(to => kernel.Grant<Go>(to))];
        simulation.AddActor("has a peer take a stream", () =>
        {
            int by = run.Choices.Draw(book.Peers), of = run.Choices.Draw(book.Peers);
            StreamCapability<Ask, Item> way =
                run.IfAlive(() => kernel.GrantStreamTo<Ask, Item>(book.Ids[by], book.Ids[of]));
            if (book.HasMore)
            {
                go[by].Send(new Go(book.Begin(by, of, way)));
            }

            return book.HasMore;
        });
        simulation.AddActor("takes a stream", () =>
        {
            int of = run.Choices.Draw(book.Peers);
            if (run.Choices.Draw(4) == 0 && book.HasMore)
            {
                Flow flow = book.Begin(StreamBook.Host, of, default);
                book.Owe(book.TakeAsync(
                    flow, ways[of].StreamAsync(new Ask(flow.Id), flow.Window, flow.Timeout), flow.Token));
            }

            return book.HasMore;
        });
        simulation.AddActor("cancels and revokes", () =>
        {
            book.CancelOne();
            return book.HasMore;
        });
        int waits = run.Choices.Chance(3) ? run.Choices.Draw(150) : -1;
        simulation.AddActor("stops a peer", () =>
        {
            if (waits-- == 0)
            {
                run.Note("peers stopped");
                book.Owe(kernel.StopAgentAsync(book.Ids[run.Choices.Draw(book.Peers)]));
            }

            return waits >= 0;
        });
    }

    private sealed record Go(Flow Flow);

    private readonly record struct Ask(int Flow);

    private readonly record struct Item(int Flow, int Number);

    /// <summary>What the producer is to do after its items.</summary>
    private enum Deed
    {
        End,
        GoOnForEver,
        Throw,
        Stop,
        Wait,      // for its token
    }

    /// <summary>The bug of a producer that was told to have one.</summary>
    private sealed class DeedException : Exception;

    private sealed class Peer(StreamBook book, int index, Reentrancy reenters)
        : Agent, IHandleAsync<Go>, IProduce<Ask, Item>
    {
        protected internal override Reentrancy Reentrancy => reenters;

        protected internal override void OnStop(ExitReason reason) => book.Ended(index, reason);

        public async ValueTask HandleAsync(Go message, AgentContext context, CancellationToken cancellationToken)
        {
            Flow flow = message.Flow;
            using IDisposable turn = book.Enter(flow, "the consumer");
            using var either = CancellationTokenSource.CreateLinkedTokenSource(flow.Token, cancellationToken);
            await book.TakeAsync(
                flow, context.StreamAsync(flow.Way, new Ask(flow.Id), flow.Window, flow.Timeout), either.Token)
                .ConfigureAwait(true);
        }

        public async IAsyncEnumerable<Item> ProduceAsync(
            Ask request, AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Flow flow = book.Taken(request.Flow, index);
            using IDisposable turn = book.Enter(flow, "the producer");
            for (int number = 1; number <= flow.Items || flow.Deed == Deed.GoOnForEver; number++)
            {
                if (flow.IsSlow && number % 3 == 0)
                {
                    await book.Delay(cancellationToken).ConfigureAwait(true);
                }

                book.Produced(flow, number);
                yield return new Item(flow.Id, number);
            }

            switch (flow.Deed)
            {
                case Deed.Throw:
                    throw new DeedException();
                case Deed.Stop:
                    context.Stop();
                    break;
                case Deed.Wait:
                    await StreamBook.UntilFired(cancellationToken).ConfigureAwait(true);
                    break;
            }

            flow.IsWhole = true;
        }
    }
}

using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Capabilities come and go: agents derive them for each other, pass them on, use whatever they have ever seen, also
/// what is another's; holders crash and start again; the host revokes at the worst moments. A ledger outside knows what
/// each one may still do.
/// </summary>
internal sealed partial class CapabilityChurn : Workload
{
    public override string Name => "capabilities";

    public override string Promise => "rights only shrink, work for their holder alone, and end with a revocation";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        Kernel kernel = simulation.Kernel;
        int cores = kernel.ListCores().Count;
        var book = new Book(run, simulation, agents: 3 + run.Choices.Draw(3));
        AgentId supervisor = kernel.Spawn(
            "restarts holders", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        for (int i = 0; i < book.Ids.Length; i++)
        {
            int index = i;
            book.Ids[i] = kernel.Spawn($"holder {i}", () => new Holder(book, index), new SpawnOptions
            {
                Core = run.Choices.Draw(cores),
                Capacity = run.Choices.Pick([64, 2, 8]),
                Supervisor = supervisor,
            });
        }

        int acts = run.Choices.Pick([100, 300, 600]);
        Capability<Act>[] act = [.. book.Ids.Select(id => kernel.Grant<Act>(id, purpose: "orders"))];
        Capability<ActSlowly>[] actSlowly = [.. book.Ids.Select(id => kernel.Grant<ActSlowly>(id, purpose: "orders"))];
        simulation.AddActor("gives orders", () =>
        {
            int to = run.Choices.Draw(book.Ids.Length);
            bool isSlow = run.Choices.Draw(4) == 3;
            _ = isSlow ? actSlowly[to].Send(default) : act[to].Send(new Act(1 + run.Choices.Draw(6)));
            return acts-- > 0;
        });
        simulation.AddActor("grants and uses", () =>
        {
            book.HostActs();
            return acts > 0;
        });
        simulation.AddActor("revokes", () =>
        {
            if (run.Choices.Chance(10))
            {
                book.RevokeOne();
            }

            return acts > 0;
        });
        simulation.RunToEnd();
        book.Check();
    }

    private readonly record struct Act(int Times);

    private readonly record struct ActSlowly;

    /// <summary>May carry another capability, to whomever it is for: travels beside the cell.</summary>
    private readonly record struct Use(int Right, Capability<Use> Passed, int PassedRight)
    {
        public static Use Of(Right right, Right? passed = null) =>
            new(right.Index, passed?.Capability ?? default, passed?.Index ?? -1);
    }

    private readonly record struct Query(int Right);

    private readonly record struct Answer(int Right);

    private sealed class Holder(Book book, int index)
        : Agent, IHandle<Act>, IHandleAsync<ActSlowly>, IHandle<Use>, IAnswer<Query, Answer>
    {
        protected internal override void OnStop(ExitReason reason) => book.Ends[index]++;

        public void Handle(in Act message, Context context)
        {
            for (int i = 0; i < message.Times && book.DrawRight(index) is { } right; i++)
            {
                switch (book.Draw(4))
                {
                    case 0 or 1:
                        Book.Attempt attempt = book.Begin(right, index);
                        book.End(attempt, context.Send(right.Capability, Use.Of(right, book.DrawRight(index))));
                        break;
                    case 2:
                        Derive(right, context);
                        break;
                    default:
                        bool surely = book.BeginRevokeDerived(right, index);
                        context.RevokeDerived(right.Capability);
                        book.EndRevokeDerived(right, surely);
                        break;
                }
            }
        }

        public async ValueTask HandleAsync(ActSlowly message, AgentContext context, CancellationToken cancellationToken)
        {
            if (book.DrawRight(index) is not { } right)
            {
                return;
            }

            using var patience = new CancellationTokenSource(book.DrawTime(), book.Time);
            Book.Attempt attempt = book.Begin(right, index);
            if (right.IsAsk)
            {
                await book.EndAsync(attempt, context.AskAsync(
                    right.Ask, new Query(right.Index), book.DrawTime(), patience.Token)).ConfigureAwait(true);
            }
            else
            {
                await book.EndAsync(attempt, context.SendAsync(
                    right.Capability, Use.Of(right), patience.Token)).ConfigureAwait(true);
            }
        }

        public void Handle(in Use message, Context context)
        {
            if (message.PassedRight >= 0)
            {
                Right passed = book.RightAt(message.PassedRight);
                Book.Attempt attempt = book.Begin(passed, index);
                book.End(attempt, context.Send(message.Passed, Use.Of(passed)));
            }

            // Last: whoever crashes before has not handled it.
            book.Used(message.Right, index, context.Sender, context.Badge);
        }

        Answer IAnswer<Query, Answer>.Answer(in Query request, Context context)
        {
            book.Used(request.Right, index, context.Sender, context.Badge);
            return new Answer(request.Right);
        }

        private void Derive(Right from, Context context)
        {
            int holder = book.Draw(book.Ids.Length), endsBefore = book.Ends[holder];
            var rights = (Rights)(3 - book.Draw(4)) | (book.Draw(4) == 0 ? Rights.Priority : Rights.None);
            ulong badge = (ulong)book.Draw(4);
            bool mustNot = from.Holder != index || !from.Rights.HasFlag(Rights.Grant) || book.IsOver(from);
            DeriveResult result = context.Derive(
                from.Capability, book.Ids[holder], rights, badge, out Capability<Use> derived);
            book.Derived(from, result, mustNot, rights, badge, derived, holder, endsBefore);
        }
    }
}

using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Agents of any quality of service offload work, crash and are restarted; then the kernel stops. Of each piece of work
/// that was accepted comes one result, one failure or one dead letter, in the incarnation that offloaded it; what was
/// refused never ran, and nothing ran twice.
/// </summary>
internal sealed class Offloads : Workload
{
    private const int ActsMost = 150;      // the kernel keeps 256 dead letters

    public override string Name => "offloads";

    public override string Promise =>
        "accepted work runs once at most, and is heard of once, by the incarnation that offloaded it, or a dead letter";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        Kernel kernel = simulation.Kernel;
        var book = new Book(run, simulation);
        AgentId supervisor = kernel.Spawn(
            "restarts them", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        Capability<Order>[] ways = [.. Enumerable.Range(0, 1 + run.Choices.Draw(4)).Select(i => kernel.Grant<Order>(
            kernel.Spawn($"offloads {i}", () => new Worker(book), new SpawnOptions
            {
                Qos = (Qos)run.Choices.Draw(5), Supervisor = supervisor,
            })))];
        int acts = 0;
        simulation.AddActor("orders", () =>
        {
            _ = ways[run.Choices.Draw(ways.Length)].Send(new Order(acts, run.Choices.Draw(8)));
            return ++acts < ActsMost;
        });
        if (run.Choices.Chance(2))
        {
            simulation.RunToEnd();
        }

        book.Stop();
    }

    private readonly record struct Order(int Number, int Kind);

    private readonly record struct Done(int Number);

    /// <summary>What is known of each order, by number.</summary>
    private sealed class Book(WorkloadRun run, Simulation simulation)
    {
        private readonly uint[] _incarnations = new uint[ActsMost];      // that had it accepted; 0: nobody
        private readonly int[] _ran = new int[ActsMost];
        private readonly int[] _told = new int[ActsMost];

        public void NoteAccepted(int number, uint incarnation) => _incarnations[number] = incarnation;

        public Done Work(in Order order)
        {
            simulation.Require(Core.OfThisThread is null, "offload", "work ran on a core.");
            simulation.Require(++_ran[order.Number] == 1, "offload", $"{order.Number} ran twice.");
            return order.Kind == 0 ? throw new TimeoutException("on purpose") : new Done(order.Number);
        }

        /// <summary>What a stop asked to end before it began did not run.</summary>
        public void NoteTold(int number, uint incarnation, bool hasRun = true)
        {
            simulation.Require(
                _incarnations[number] == incarnation, "INV-22",
                $"{number} of incarnation {_incarnations[number]} came to {incarnation}.");
            simulation.Require(
                ++_told[number] == 1 && _ran[number] == (hasRun ? 1 : 0), "INV-01",
                $"{number} was told {_told[number]} times and ran {_ran[number]} times.");
        }

        public void Stop()
        {
            StopReport report = simulation.Stop(run.Choices.Pick([TimeSpan.Zero, TimeSpan.FromSeconds(5)]));
            if (report.StuckCores.Count > 0)
            {
                run.Note("stops that passed over a slow core");      // time moved on before it did: it buries nothing
                return;
            }

            int accepted = _incarnations.Count(static one => one != 0), told = _told.Sum();
            IReadOnlyList<DeadLetter> letters = simulation.Kernel.DeadLetters.Newest();
            int buried = letters.Count(static letter => letter.MessageType is nameof(Done) or nameof(OffloadFailed));
            simulation.Require(
                accepted == told + buried, "INV-01", $"{accepted} were accepted, {told} told, {buried} buried.");
            OffloadInfo info = simulation.Kernel.DescribeOffloads();
            simulation.Require(
                info is { Running: 0, Waiting: 0 }, "offload", $"{info.Running} run and {info.Waiting} wait.");
            run.Note("told", told);
            run.Note("buried", buried);
            run.Note("given up by a stop", report.UndrainedOffloads);
        }
    }

    private sealed class Worker(Book book) : Agent, IHandle<Order>, IHandle<Done>, IHandle<OffloadFailed>
    {
        public void Handle(in Order message, Context context)
        {
            OffloadResult result = context.Offload(
                (Book: book, Order: message), static (it, _) => it.Book.Work(it.Order), (ulong)message.Number);
            if (result == OffloadResult.Accepted)
            {
                book.NoteAccepted(message.Number, context.Incarnation);
            }
        }

        public void Handle(in Done message, Context context) => book.NoteTold(message.Number, context.Incarnation);

        public void Handle(in OffloadFailed message, Context context) =>
            book.NoteTold((int)message.Key, context.Incarnation, message.Exception is not OperationCanceledException);
    }
}

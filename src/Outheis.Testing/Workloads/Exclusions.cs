using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Agents that share exclusions, one within another, do work that awaits, crash, are suspended and resumed, and get
/// what sources merge; a group counts the work. Of one exclusion never two are in the middle of something; who is
/// suspended begins nothing; a source's sum is whole in the end; who waits for the group is told once, when nothing is
/// under way.
/// </summary>
internal sealed class Exclusions : Workload
{
    private const int ActsMost = 200;

    public override string Name => "exclusion";

    public override string Promise =>
        "who shares an exclusion is never in the middle of something together; the suspended begin nothing; "
        + "sources and groups tell the whole of it";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start(run.DrawOptions() with { Faults = FaultOptions.None });      // it has its own
        Kernel kernel = simulation.Kernel;
        var book = new Book(run, simulation);
        AgentId supervisor = kernel.Spawn(
            "restarts them", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        Exclusion bottom = kernel.OpenExclusion("bottom"), inner = kernel.OpenExclusion("inner", bottom);
        int members = 2 + run.Choices.Draw(4);
        for (int i = 0; i < members; i++)
        {
            int index = i;
            AgentId id = kernel.Spawn($"member {i}", () => new Member(book, index), new SpawnOptions
            {
                Exclusion = run.Choices.Chance(2) ? inner : bottom,
                Qos = (Qos)run.Choices.Draw(5),
                Supervisor = supervisor,
            });
            book.Add(id, kernel.OpenSource<Merged>(id, Coalescing.Add), kernel.Grant<Piece>(id));
        }

        AgentId ears = kernel.Spawn("hears of the group", () => new Ears(book));
        int acts = 0;
        simulation.AddActor("acts", () =>
        {
            bool goesOn = ++acts < ActsMost;
            book.Act(ears, isLast: !goesOn);
            return goesOn;
        });
        simulation.RunToEnd();
        book.Check();
    }

    private readonly record struct Piece(int Kind);

    private readonly record struct Merged(long Sum);

    private readonly record struct Empty(int Number);

    private sealed class Book(WorkloadRun run, Simulation simulation)
    {
        private readonly List<AgentId> _ids = [];
        private readonly List<CoalescingSource<Merged>> _sources = [];
        private readonly List<Capability<Piece>> _ways = [];
        private readonly List<List<Task<bool>>> _suspends = [];
        private readonly List<int> _resumes = [];
        private readonly List<Task<bool>> _owed = [];
        private readonly WorkGroup _group = simulation.Kernel.OpenGroup();
        private readonly HashSet<int> _told = [];
        private int _inside = -1;
        private int _entered;
        private int _notices;
        private long _merged;
        private long _taken;

        public void Add(AgentId id, CoalescingSource<Merged> source, Capability<Piece> way)
        {
            _ids.Add(id);
            _sources.Add(source);
            _ways.Add(way);
            _suspends.Add([]);
            _resumes.Add(0);
        }

        public void Act(AgentId ears, bool isLast)
        {
            int member = run.Choices.Draw(_ids.Count);
            switch (run.Choices.Draw(8))
            {
                case 0 or 1 or 2:
                    _ = _ways[member].Send(new Piece(run.Choices.Draw(12)));
                    break;
                case 3 or 4:
                    Merge(member, 1 + run.Choices.Draw(5));
                    break;
                case 5 when _suspends[member].Count - _resumes[member] < 3:
                    Owe(_suspends[member], simulation.Kernel.SuspendAsync(_ids[member]));
                    break;
                case 6:
                    _group.Notify(ears, new Empty(_notices++));
                    break;
                default:
                    Resume(member);
                    break;
            }

            Enter(run.Choices.Draw(3) - 1);
            for (int i = 0; isLast && i < _ids.Count; i++)
            {
                while (Resume(i))
                {
                }
            }

            while (isLast && _entered > 0)
            {
                Enter(-1);
            }
        }

        public void Merge(int member, long value)
        {
            _merged += value;
            _sources[member].Merge(new Merged(value));
        }

        public void Take(long sum)
        {
            simulation.Require(sum > 0, "GC-16", "a message without content.");
            _taken += sum;
            run.Note("messages of sources");
        }

        public void Hear(int number)
        {
            simulation.Require(_told.Add(number), "GC-13", $"notice {number} was told twice.");
            run.Note("told of the group");
        }

        public void Begin(int member)
        {
            int done = _suspends[member].Count(static task => task.IsCompleted);
            simulation.Require(
                done <= _resumes[member], "GC-20",
                $"member {member} begins something, suspended {done} and resumed {_resumes[member]} times.");
            simulation.Require(
                _inside < 0, "GC-01", $"member {member} begins while {_inside} is in the middle of something.");
            _inside = member;
        }

        public void End(int member) => _inside = _inside == member ? -1 : _inside;

        public void NoteWaited() => run.Note("turns that waited");

        public void NoteCrash() => run.Note("crashes");

        public void Check()
        {
            simulation.Require(_owed.All(static task => task.IsCompleted), "GC-20", "a suspension is never done.");
            simulation.Require(
                _taken == _merged, "INV-42", $"{_merged} were merged, and {_taken} have come.");
            simulation.Require(_told.Count == _notices, "GC-13", $"{_told.Count} of {_notices} were told.");
            run.Note("suspensions", _suspends.Sum(static one => one.Count));
        }

        private void Enter(int change)
        {
            if (change > 0)
            {
                _group.Enter();
                _entered++;
            }
            else if (change < 0 && _entered > 0)
            {
                _entered--;
                _group.Leave();
            }
        }

        private bool Resume(int member)
        {
            if (_suspends[member].Count == _resumes[member])
            {
                return false;
            }

            _resumes[member]++;
            Owe([], simulation.Kernel.ResumeAsync(_ids[member]));
            return true;
        }

        private void Owe(List<Task<bool>> into, Task<bool> task)
        {
            into.Add(task);
            _owed.Add(task);
        }
    }

    private sealed class Member(Book book, int index) : Agent, IHandleAsync<Piece>, IHandle<Merged>
    {
        public async ValueTask HandleAsync(Piece message, AgentContext context, CancellationToken cancellationToken)
        {
            book.Begin(index);
            if (message.Kind > 2)
            {
                for (int i = 0; i < message.Kind - 2; i++)
                {
                    await context.Yield();
                }

                book.NoteWaited();
            }

            if (message.Kind == 5)
            {
                book.Merge(index, 2);
            }

            if (message.Kind == 11)
            {
                book.NoteCrash();
                throw new InvalidOperationException("A bug that it was told to have.");
            }

            book.End(index);
        }

        public void Handle(in Merged message, Context context)
        {
            book.Begin(index);
            book.Take(message.Sum);
            book.End(index);
        }

        protected internal override void OnStop(ExitReason reason) => book.End(index);
    }

    private sealed class Ears(Book book) : Agent, IHandle<Empty>
    {
        public void Handle(in Empty message, Context context) => book.Hear(message.Number);
    }
}

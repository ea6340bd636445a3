namespace Outheis.Testing;

/// <summary>What is known of each child, and what must hold of it.</summary>
internal sealed partial class Restarts
{
    /// <summary>What is known of one child across its incarnations.</summary>
    private sealed class Life(int index, int core, Watcher watcher, AgentId watcherId)
    {
        public int Index => index;

        public int OnCore => core;

        public Watcher Watcher => watcher;

        public AgentId WatcherId => watcherId;

        public AgentId Id { get; set; }

        public List<(uint Incarnation, Capability<Report> Capability)> Held { get; } = [];

        public uint Born { get; set; }

        public uint Start { get; set; }

        public uint Ended { get; set; }      // the newest incarnation whose OnStop was called

        public uint Leaves { get; set; }     // the one that stopped itself

        public uint Told { get; set; }       // the one whose token fired

        public bool IsStopWanted { get; set; }

        public int Failures { get; set; }

        public int Turns { get; set; }

        public int Jobs { get; set; }

        public int TakenJob { get; set; }

        public int Done { get; set; }

        public int Sent { get; set; }        // numbers of reports; of this incarnation: accepted, and in doubt

        public int Accepted { get; set; }

        public int InDoubt { get; set; }

        public uint HeardStart { get; set; }

        public uint HeardEnd { get; set; }

        public int HeardNumber { get; set; }

        public int Heard { get; set; }

        public List<(uint Incarnation, int Accepted, int InDoubt)> Spoken { get; } = [];

        public void Begin() => (Sent, InDoubt) = (Sent + 1, InDoubt + 1);

        public void End(SendResult result) =>
            (InDoubt, Accepted) = (InDoubt - 1, Accepted + (result == SendResult.Sent ? 1 : 0));
    }

    private sealed class Nursery(WorkloadRun run, Simulation simulation, int children)
    {
        private readonly int _failsOneIn = !run.WithFaults ? 0 : run.Choices.Pick([0, 24, 8, 3]);
        private readonly DeadLetterLog _deadLetters = new(simulation);
        private readonly List<Task> _owed = [];
        private readonly List<Life> _ended = [];      // told to by a supervisor that gave up, in that order

        public Life[] Lives { get; } = new Life[children];

        public Life LifeOf(AgentId id) => Array.Find(Lives, life => life is not null && life.Id == id)!;

        public bool Chance(int oneIn) => run.Choices.Chance(oneIn);

        public void Note(string state) => run.Note(state);

        public void Require(bool condition, string promise, string what) =>
            simulation.Require(condition, promise, what);

        public void Owe(Task task) => _owed.Add(task);

        public Task Delay() =>
            Task.Delay(
                TimeSpan.FromMilliseconds(run.Choices.Draw(20)), simulation.ApplicationTime, CancellationToken.None);

        public void MayFail()
        {
            _deadLetters.Collect();
            if (run.Choices.Chance(_failsOneIn))
            {
                throw new BugException();
            }
        }

        public bool IsStopping(AgentId watcher) => simulation.Kernel.Agents.Find(watcher.Value)?.StopWanted is not null;

        public void Started(Life life, uint incarnation, uint born)
        {
            Require(
                incarnation == born && born == life.Born, "INV-20",
                $"child {life.Index} is {incarnation}, born {born}.");
            Require(life.Start < incarnation, "INV-20", $"child {life.Index} started as {incarnation} twice.");
            life.Start = incarnation;
        }

        public void Stopped(Life life, uint incarnation, ExitReason reason)
        {
            Require(
                life.Start == incarnation && life.Ended < incarnation, "INV-20",
                $"child {life.Index} was stopped as {incarnation}; started {life.Start}, ended {life.Ended}.");
            bool isRight = reason.Kind switch
            {
                ExitKind.Normal => life.Leaves == incarnation,
                ExitKind.Shutdown => life.IsStopWanted || life.Watcher.HasGivenUp,
                _ => reason.Exception is BugException or SimulatedCrashException,
            };
            Require(
                isRight, "INV-22", $"child {life.Index} ended as {incarnation} for no reason of its own: {reason}.");
            life.Ended = incarnation;
            life.Failures += reason.IsAbnormal ? 1 : 0;
            life.Spoken.Add((incarnation, life.Accepted, life.InDoubt));
            (life.Accepted, life.InDoubt) = (0, 0);
            if (reason.Kind == ExitKind.Shutdown && !life.IsStopWanted && life.Told != incarnation)
            {
                RequireYoungestFirst(life);
            }
        }

        public void Taken(Life life, int number)
        {
            _deadLetters.Collect();
            Require(
                number > life.TakenJob && number <= life.Jobs + 1, "INV-02",
                $"child {life.Index} got job {number} after {life.TakenJob}.");
            life.TakenJob = number;
        }

        public void RequireSilent(Life life, bool isDenied)
        {
            run.Note("ended code ran on");
            Require(isDenied, "INV-22", $"child {life.Index} is over and was heard.");
        }

        /// <summary>The supervisor hears of the end: nothing is held any more, and all that was said has
        /// come.</summary>
        public void RequireReleased(Life life, uint incarnation)
        {
            foreach ((uint holder, Capability<Report> held) in life.Held)
            {
                Require(
                    holder != incarnation || held.Node!.IsRevoked, "INV-20",
                    $"child {life.Index} ended as {incarnation} and holds {held.Id}.");
            }

            if (life.HeardStart != incarnation)
            {
                return;      // it never started
            }

            (_, int accepted, int inDoubt) = life.Spoken.Find(spoken => spoken.Incarnation == incarnation);
            Require(
                accepted <= life.Heard && life.Heard <= accepted + inDoubt, "INV-02",
                $"child {life.Index} ended as {incarnation}: {life.Heard} reports came before, {accepted} were sent.");
        }

        /// <summary>At the end: every child is where its supervisor wanted it, and every job is accounted
        /// for.</summary>
        public void Check()
        {
            _deadLetters.Collect();
            Require(_owed.TrueForAll(static task => task.IsCompletedSuccessfully), "INV-08", FirstFault());
            Require(
                simulation.Unsupervised.All(static signal => signal.Name != "watcher"), "INV-21",
                $"failed: {string.Join(' ', simulation.Unsupervised)}");
            foreach (Life life in Lives)
            {
                Check(life, simulation.Kernel.Agents.Find(life.Id.Value));
            }
        }

        private void Check(Life life, AgentCell? cell)
        {
            Require(life.Turns == 0, "INV-22", $"child {life.Index}: the code of a turn did not come to its end.");
            int buried = _deadLetters.Between(AgentId.Host, life.Id);
            Require(
                life.Done + buried == life.Jobs, "INV-01",
                $"child {life.Index}: {life.Jobs} jobs, {life.Done} done, {buried} dead letters.");
            bool isOver = life.IsStopWanted || (life.Watcher.HasGivenUp && life.HeardStart > 0);
            if (isOver)
            {
                Require(cell is null, "INV-21", $"child {life.Index} lives on, {cell}.");
                return;
            }

            if (life.Watcher.HasGivenUp)
            {
                return;      // its supervisor was gone before it knew of this child
            }

            Require(
                cell is { State: AgentState.Idle } && cell.Incarnation == life.Born && life.HeardEnd + 1 == life.Born
                    && life.Start == life.Born && buried <= life.Failures, "INV-20",
                $"child {life.Index} is {cell}, {life.Born} born, {life.HeardEnd} heard of, {buried} jobs buried.");
        }

        /// <summary>On one core those that were not in the middle of a turn end in the order in which they are told
        /// to. What an agent is told follows it to another core, and may come there later than what its elders are told
        /// there.</summary>
        private void RequireYoungestFirst(Life life)
        {
            bool hasMoved = simulation.Kernel.Cores.Any(static core => core.Counters.GivenAway > 0);
            foreach (Life earlier in _ended)
            {
                Require(
                    hasMoved || earlier.OnCore != life.OnCore || earlier.Index > life.Index, "INV-21",
                    $"child {earlier.Index} ended before the younger {life.Index}.");
            }

            _ended.Add(life);
            run.Note("ended by a supervisor that gave up");
        }

        private string FirstFault() => _owed.Find(static task => !task.IsCompletedSuccessfully)?.Exception?.ToString()
            ?? "a wait of the host never ended.";
    }
}

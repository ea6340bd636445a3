using FsCheck.Xunit;
using Outheis.Supervision;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>A supervisor and its children in virtual time against the rules of one-for-one supervision, written down
/// once more.</summary>
public sealed class SupervisionModelTests
{
    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 120, EndSize = 25)]
    public static void Supervisor_AnyHistory_EqualsTheRules(SupervisionHistory history)
    {
        using var world = new StepKernel();
        AgentId supervisor = world.Kernel.Spawn(
            "supervisor", () => new Supervisor(history.Options), new SpawnOptions());
        AgentId[] children = [.. Enumerable.Range(0, SupervisionHistory.Children).Select(i => world.Kernel.Spawn(
            $"child {i}", () => new Puppet(), new SpawnOptions { Supervisor = supervisor, Core = i % 2 }))];
        var model = new Rules(history.Options);
        world.Run();
        foreach (ChildExit exit in history.Exits)
        {
            world.Time.AdvanceBy(exit.After);
            if (model.Lives(exit.Child))
            {
                world.Kernel.Do(children[exit.Child], EndOf(exit.Kind));
            }

            world.Run();
            model.Exit(exit);
            Assert.Equal(model.IsInCharge, Lives(world, supervisor));
            Assert.Equal(
                Enumerable.Range(0, children.Length).Select(model.Lives),
                children.Select(child => Lives(world, child)));
            Assert.Equal(
                Enumerable.Range(0, children.Length).Where(model.Lives).Select(model.Incarnation),
                children.Where(child => Lives(world, child))
                    .Select(child => world.Kernel.Agents.Find(child.Value)!.Incarnation));
        }
    }

    private static bool Lives(StepKernel world, AgentId agent) => world.Kernel.ListAgents().Any(a => a.Id == agent);

    private static Script EndOf(ExitKind kind) => kind switch
    {
        ExitKind.Error => _ => throw new InvalidDataException("bug"),
        ExitKind.Shutdown => context => context.Stop(ExitReason.Shutdown),
        _ => context => context.Stop(),
    };

    private sealed class Rules(SupervisorOptions options)
    {
        private readonly uint[] _incarnations = [.. Enumerable.Repeat(1u, SupervisionHistory.Children)];
        private readonly List<TimeSpan> _restarts = [];
        private TimeSpan _now;

        public bool IsInCharge { get; private set; } = true;

        public bool Lives(int child) => IsInCharge && _incarnations[child] > 0;

        public uint Incarnation(int child) => _incarnations[child];

        public void Exit(ChildExit exit)
        {
            _now += exit.After;
            if (!Lives(exit.Child))
            {
                return;
            }

            if (options.Restart == Restart.Temporary
                || (options.Restart == Restart.Transient && exit.Kind != ExitKind.Error))
            {
                _incarnations[exit.Child] = 0;
            }
            else if (_restarts.Count(restart => _now - restart <= options.Period) >= options.Intensity)
            {
                IsInCharge = false;      // and everybody under it
            }
            else
            {
                _restarts.Add(_now);
                _incarnations[exit.Child]++;
            }
        }
    }
}

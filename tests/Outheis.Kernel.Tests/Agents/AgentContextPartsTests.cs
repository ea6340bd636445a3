using Outheis.Tests.Coordination;
using Xunit;

namespace Outheis.Tests;

/// <summary>What else an asynchronous turn may do, as a synchronous one may: make agents, reserve, suspend a child,
/// hear of a group, have a loop run. Not after the end of its incarnation.</summary>
public sealed class AgentContextPartsTests : IDisposable
{
    private readonly StepKernel _world = new();
    private readonly List<object> _did = [];
    private readonly List<string> _heard = [];
    private readonly WorkGroup _group;
    private readonly AgentId _agent, _child;
    private SpawnCapability<int> _maker;

    public AgentContextPartsTests()
    {
        Budget budget = _world.Kernel.CreateBudget(
            "all", new BudgetOptions { Units = new Dictionary<string, long> { ["tokens"] = 10 } });
        _group = _world.Kernel.OpenGroup();
        _agent = _world.Kernel.Spawn("agent", endow =>
        {
            _maker = endow.GrantSpawn<int>(
                "made", (_, seed) => new Puppet { Started = _ => _heard.Add($"made {seed}") });
            return new Told(_heard);
        }, new SpawnOptions { Budget = budget });
        _child = _world.Kernel.Spawn("child", static () => new Puppet(), new SpawnOptions { Supervisor = _agent });
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public void AsyncTurn_AfterAnAwait_MayDoWhatASynchronousOneMay()
    {
        _world.Kernel.DoAsync(_agent, async context =>
        {
            await Task.Yield();
            DoAll(context);
        });
        _world.RunUntil(() => _did.Count == 6 && _heard.Count == 3);
        Assert.Equal(
            [SpawnResult.Spawned, ReserveResult.Granted, true, true, false, OffloadResult.Accepted], _did);
        Assert.Equal(["made 5", "nothing is under way", "ran 4"], _heard.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AsyncTurn_AfterTheEndOfItsIncarnation_MayDoNoneOfIt()
    {
        var gate = new TaskCompletionSource();
        _world.Kernel.DoAsync(_agent, async context =>
        {
            await gate.Task;
            DoAll(context);
        });
        _world.Run();
        AgentCell agent = _world.Kernel.Agents.Find(_agent.Value)!;
        agent.Core.Post(new EndOp(agent));
        _world.Run();
        gate.SetResult();
        _world.RunUntil(() => _did.Count == 6);
        _world.Run();
        Assert.Equal(
            [SpawnResult.Denied, ReserveResult.Exhausted, false, false, false, OffloadResult.Stopped], _did);
        Assert.Empty(_heard);
    }

    /// <summary>GC-21: elsewhere is not in the turn, whoever holds its context.</summary>
    [Fact]
    public void AssertOnAgent_OnTheAgentAndElsewhere_SaysWhichItIs()
    {
        _world.Kernel.DoAsync(_agent, async context =>
        {
            await Task.Yield();
            context.AssertOnAgent();
            _did.Add("here");
            Exception? elsewhere = await Task.Run(() => Record.Exception(context.AssertOnAgent));
            _did.Add(elsewhere!.GetType());
            context.AssertOnAgent();
            _did.Add("here again");
        });
        _world.RunUntil(() => _did.Count == 3);
        Assert.Equal(["here", typeof(InvalidOperationException), "here again"], _did);
    }

    private void DoAll(AgentContext context)
    {
        _did.Add(context.Spawn(_maker, 5, out _));
        _did.Add(context.Reserve("tokens", 10, out _));
        _did.Add(context.SuspendChild(_child));
        _did.Add(context.ResumeChild(_child));
        _did.Add(context.ResumeChild(_child));
        context.Notify(_group, new Over(1));
        _did.Add(context.Apply(4, this, static (_, _) => { }));
    }

    private sealed class Told(List<string> heard) : Puppet, IHandle<Over>, IHandle<Applied>, IHandle<OffloadFailed>
    {
        public void Handle(in Over message, Context context) => heard.Add("nothing is under way");

        public void Handle(in Applied message, Context context) => heard.Add($"ran {message.Count}");

        public void Handle(in OffloadFailed message, Context context) => heard.Add($"{message.Exception}");
    }

    private sealed class EndOp(AgentCell agent) : KernelOp
    {
        public override void Run(Core core) => Lifecycle.End(core, agent, ExitReason.Shutdown);
    }
}

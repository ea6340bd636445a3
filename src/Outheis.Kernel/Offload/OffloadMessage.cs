using Microsoft.Extensions.ObjectPool;

namespace Outheis;

/// <summary>Work whose result comes to its agent as a message.</summary>
internal sealed class OffloadMessage<TState, TResult> : OffloadJob
{
    private static readonly ObjectPool<OffloadMessage<TState, TResult>> Pool =
        new DefaultObjectPool<OffloadMessage<TState, TResult>>(new Policy(), Limits.OffloadQueue);

    private TState _state = default!;
    private Func<TState, CancellationToken, TResult> _work = null!;
    private TResult _result = default!;
    private Route _route = null!;
    private ulong _key;
    private uint _chain;

    protected override CancellationToken Token => Scope.Token;

    public static OffloadMessage<TState, TResult> Rent(
        OffloadScope scope, TState state, Func<TState, CancellationToken, TResult> work, Route route, ulong key,
        uint chain)
    {
        OffloadMessage<TState, TResult> job = Pool.Get();
        (job.Scope, job.Qos, job._state, job._work) = (scope, scope.Agent.EffectiveQos, state, work);
        (job._route, job._key, job._chain) = (route, key, chain);
        return job;
    }

    public void Return()
    {
        (Scope, Fault) = (null!, null);
        (_state, _work, _result) = (default!, null!, default!);
        Pool.Return(this);
    }

    public override void Run(Core core)
    {
        core.Offloads.ComeHome(Scope);
        if (Scope.IsOver)
        {
            CoreOffloads.Report(Scope.Agent, typeof(TResult), CoreOffloads.TooLate(core));
        }
        else if (Fault is null)
        {
            core.Offloads.Tell(Scope, _route, _chain, in _result);
        }
        else
        {
            var failed = new OffloadFailed(MessageLayout.SimpleNameOf<TResult>(), _key, Fault);
            Route route = CoreOffloads.Check<OffloadFailed>(Scope.Agent);
            core.Offloads.Tell(Scope, route, _chain, in failed);
        }

        Return();
    }

    public override void Abandon() =>
        CoreOffloads.Report(Scope.Agent, typeof(TResult), DeadLetterReason.KernelStopped);

    protected override void Execute() => _result = _work(_state, Token);

    private sealed class Policy : PooledObjectPolicy<OffloadMessage<TState, TResult>>
    {
        public override OffloadMessage<TState, TResult> Create() => new();

        public override bool Return(OffloadMessage<TState, TResult> obj) => true;
    }
}

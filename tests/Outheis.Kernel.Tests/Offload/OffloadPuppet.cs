namespace Outheis.Tests.Offload;

public readonly record struct Worked(int Number);

/// <summary>Hears what its work came to, and does what it is told.</summary>
internal sealed class OffloadPuppet(List<Worked> results, List<OffloadFailed>? failures = null)
    : Puppet, IHandle<Worked>, IHandle<OffloadFailed>
{
    public OnMessage<Worked>? OnResult { get; init; }

    public void Handle(in Worked message, Context context)
    {
        lock (results)
        {
            results.Add(message);
        }

        OnResult?.Invoke(in message, context);
    }

    public void Handle(in OffloadFailed message, Context context) => failures!.Add(message);
}

/// <summary>Work that blocks until the test lets it go on.</summary>
internal sealed class Gate : IDisposable
{
    private readonly ManualResetEventSlim _open = new();
    private int _entered;

    public int Entered => Volatile.Read(ref _entered);

    public void Open() => _open.Set();

    public Worked Pass(int number)
    {
        Interlocked.Increment(ref _entered);
        if (!_open.Wait(ThreadKernel.Patience))
        {
            throw new TimeoutException("the test never opened the gate");
        }

        return new Worked(number);
    }

    public static OffloadResult Offload(Context context, Gate gate, int number) =>
        context.Offload((gate, number), static (it, _) => it.gate.Pass(it.number));

    public void Dispose() => _open.Set();      // whoever is late still finds it
}

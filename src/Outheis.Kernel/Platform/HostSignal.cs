namespace Outheis;

/// <summary>Somebody outside the cores waits for this. Completed off the cores, so that what runs on there keeps none
/// of them.</summary>
internal sealed class HostSignal(HostThreads threads) : IThreadPoolWorkItem
{
    private readonly TaskCompletionSource _done = new();

    public Task Task => _done.Task;

    /// <summary>Any thread.</summary>
    public void Set() => threads.Queue(this);

    void IThreadPoolWorkItem.Execute() => _done.TrySetResult();
}

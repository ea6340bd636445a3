namespace Outheis.Coyote;

/// <summary>Stands in for <see cref="ThreadPool"/> in the rewritten kernel (<see cref="Preparation"/>): each piece of
/// work gets a thread, which Coyote controls.</summary>
public static class ControlledThreadPool
{
    public static bool UnsafeQueueUserWorkItem(IThreadPoolWorkItem work, bool preferLocal)
    {
        _ = preferLocal;
        new Thread(() => work.Execute()).Start();
        return true;
    }
}

namespace Outheis.Litmus;

/// <summary>Waits for room and notes that it was woken.</summary>
internal sealed class NotedWaiter : Waiter
{
    public bool Woken { get; private set; }

    public override void Wake() => Woken = true;

    public override void Run(Core core) => Wake();
}

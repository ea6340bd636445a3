namespace Outheis.Coyote;

/// <summary>
/// Stands in for <see cref="Lock"/> in the rewritten kernel (<see cref="Preparation"/>): the same members over a
/// monitor, which Coyote controls. Only what <c>lock</c> compiles to.
/// </summary>
public sealed class ControlledLock
{
    private readonly object _monitor = new();

    public Scope EnterScope()
    {
        Monitor.Enter(_monitor);
        return new Scope(this);
    }

    public readonly ref struct Scope(ControlledLock held)
    {
        public void Dispose() => Monitor.Exit(held._monitor);
    }
}

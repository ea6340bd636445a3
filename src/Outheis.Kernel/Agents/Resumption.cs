namespace Outheis;

/// <summary>What an asynchronous turn waits to run on with: the kernel's own continuation, or what foreign
/// code posted.</summary>
internal readonly record struct Resumption(
    AgentContext Turn, Action<object?>? Continuation, SendOrPostCallback? Callback, object? State)
{
    public void Run()
    {
        if (Continuation is not null)
        {
            Continuation(State);
        }
        else
        {
            Callback!(State);
        }
    }
}

/// <summary>Runs what an ended incarnation still awaits, between the turns of the living.</summary>
internal sealed class OrphanResume(AgentContext context) : AgentOp(context.Cell)
{
    protected override void RunAtHome(Core core)
    {
        context.RunResumes();
        core.EndAside();
    }
}

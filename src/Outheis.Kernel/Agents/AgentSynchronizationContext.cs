namespace Outheis;

/// <summary>Brings the awaits of one incarnation home, whatever thread completed them.</summary>
internal sealed class AgentSynchronizationContext(AgentContext context) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state)
    {
        if (Core.OfThisThread is { } here && here.Has(context.Cell))
        {
            using KernelCall call = here.Call();
            context.Resume(d, state);
        }
        else
        {
            context.Core.PostUninterrupted(new PostedResume(context, d, state));
        }
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Send would block the caller until the agent's turn. Use Post.");

    public override SynchronizationContext CreateCopy() => this;

    private sealed class PostedResume(AgentContext context, SendOrPostCallback callback, object? state)
        : AgentOp(context.Cell)
    {
        protected override void RunAtHome(Core core) => context.Resume(callback, state);
    }
}

namespace Outheis;

/// <summary>Brings the awaits of one incarnation home, whatever thread completed them.</summary>
internal sealed class AgentSynchronizationContext(AgentContext context) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state)
    {
        if (ReferenceEquals(Core.OfThisThread, context.Core))
        {
            using KernelCall call = context.Core.Call();
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

    private sealed class PostedResume(AgentContext context, SendOrPostCallback callback, object? state) : KernelOp
    {
        public override void Run(Core core) => context.Resume(callback, state);
    }
}

using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>An asynchronous answer that is under way: sends the reply when its task is done. One per context,
/// recycled.</summary>
internal abstract class PendingAnswer
{
    public bool IsArmed;

    public abstract void Send(Core core, AgentCell self, ulong correlation);
}

internal sealed class PendingAnswer<TReply> : PendingAnswer
{
    public ValueTaskAwaiter<TReply> Awaiter;

    public override void Send(Core core, AgentCell self, ulong correlation)
    {
        ValueTaskAwaiter<TReply> awaiter = Awaiter;
        Awaiter = default;
        TReply reply = awaiter.GetResult();
        core.Reply(self, correlation, in reply);
    }
}

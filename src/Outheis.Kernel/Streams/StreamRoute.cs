using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>To <see cref="IProduce{TRequest,TItem}"/>.</summary>
internal sealed unsafe class StreamRoute<TRequest, TItem>() : Route(typeof(TRequest))
{
    public static readonly StreamRoute<TRequest, TItem> Instance = new();

    public override int InlineBytes => Carriage<TRequest>.InlineBytes;

    public override bool IsAsync => true;

    public override bool IsStream => true;

    public override MessageFlags Flags => Carriage<TRequest>.Flags | MessageFlags.Extended;

    public override bool IsUnderstoodBy(Agent agent) => agent is IProduce<TRequest, TItem>;

    public override bool IsBarrierOf(Agent agent) => agent is IBarrier<TRequest>;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        TRequest copy = Payload.Take<TRequest>(message, reference);
        AgentContext context = self.BeginAsyncTurn(message);
        var handler = Unsafe.As<IProduce<TRequest, TItem>>(self.Instance!);
        CancellationToken token = context.TurnToken;
        var outflow = new Outflow(context);
        context.Outflow = outflow;
        core.EnterAgent();
        ValueTask turn = outflow.RunAsync(handler.ProduceAsync(copy, context, token), token);
        core.LeaveAgent();
        context.Await(turn);
    }

    public override bool TryJournal(JournalTap tap, Message* message, object? reference, long cause = 0) =>
        TryJournal<TRequest>(tap, message, reference, cause);

    public override void Discard(object? reference) => Carriage<TRequest>.Release(reference!);
}

/// <summary>An item that crossed cores: goes to the consumer that waits there.</summary>
internal sealed unsafe class ItemRoute<TItem>() : Route(typeof(TItem))
{
    public static readonly ItemRoute<TItem> Instance = new();

    public override int InlineBytes => Carriage<TItem>.InlineBytes;

    public override bool IsUnderstoodBy(Agent agent) => false;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        TItem item = Payload.Take<TItem>(message, reference);
        core.Replies.Add(message->Correlation, in item);      // its consumer may have stopped meanwhile
    }

    public override void Discard(object? reference) => Carriage<TItem>.Release(reference!);
}

/// <summary>A consumer lets its producer send more; names the producer.</summary>
internal readonly record struct Letting(uint Producer, int More);

internal sealed unsafe class LettingRoute() : Route(typeof(Letting))
{
    public static readonly LettingRoute Instance = new();

    public override int InlineBytes => Carriage<Letting>.InlineBytes;

    public override bool IsUnderstoodBy(Agent agent) => false;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        var letting = *(Letting*)&message->Payload;
        if (core.Kernel.Agents.Find(letting.Producer) is { } producer)
        {
            core.NoteLet(producer, message->Correlation, letting.More);
        }
    }
}

using Outheis.Bench.Parts;

namespace Outheis.Bench.Systems;

internal readonly record struct Go;

internal readonly record struct Token(long Value);

internal readonly record struct Link(Capability<Token> Next);

internal readonly record struct Ball(long Number);

internal readonly record struct Opponent(Capability<Ball> Side);

/// <summary>
/// The capability has arrived. Waited for, because messages of different senders have no order.
/// </summary>
internal readonly record struct Linked;

internal readonly record struct Item(long Value);

internal readonly record struct Request(long Number);

internal readonly record struct Answer(long Value);

internal sealed class RingAgent(RingNode node, Capability<Token> successor)
    : Agent, IHandle<Token>, IHandle<Go>, IAnswer<Link, Linked>
{
    private Capability<Token> _next = successor;

    public void Handle(in Token message, Context context)
    {
        if (node.TryRelease(out long own)) Send(own, context);
        if (node.Pass(message.Value, out long next)) Send(next, context);
    }

    public void Handle(in Go message, Context context)
    {
        if (node.Start(out long own)) Send(own, context);
    }

    public Linked Answer(in Link request, Context context)
    {
        _next = request.Next;
        return default;
    }

    private void Send(long token, Context context) =>
        OutheisSystem.Must(context.Send(_next, new Token(token)));
}

internal sealed class PlayerAgent(Player player, Capability<Ball> opponent)
    : Agent, IHandle<Ball>, IHandle<Go>, IAnswer<Opponent, Linked>
{
    private Capability<Ball> _other = opponent;

    public void Handle(in Ball message, Context context)
    {
        if (player.Receive(message.Number, out long reply))
            OutheisSystem.Must(context.Send(_other, new Ball(reply)));
    }

    public void Handle(in Go message, Context context) =>
        OutheisSystem.Must(context.Send(_other, new Ball(Player.FirstBall)));

    public Linked Answer(in Opponent request, Context context)
    {
        _other = request.Side;
        return default;
    }
}

/// <summary>
/// Sends until there is no room, then awaits room: the loop anybody would write over a channel.
/// </summary>
internal sealed class SourceAgent(Source source, Capability<Item> sink) : Agent, IHandleAsync<Go>
{
    public async ValueTask HandleAsync(Go message, AgentContext context, CancellationToken cancellationToken)
    {
        do
        {
            var item = new Item(source.Current);
            SendResult sent = context.Send(sink, item);
            if (sent == SendResult.Full) sent = await context.SendAsync(sink, item, cancellationToken);
            OutheisSystem.Must(sent);
        }
        while (source.Advance());
    }
}

internal sealed class SinkAgent(Sink sink) : Agent, IHandle<Item>
{
    public void Handle(in Item message, Context context) => sink.Receive(message.Value);
}

/// <summary>Asks in a loop, without a token: no peer's ask is given one.</summary>
internal sealed class AskAgent(Asker asker, AskCapability<Request, Answer> answerer) : Agent, IHandleAsync<Go>
{
    public async ValueTask HandleAsync(Go message, AgentContext context, CancellationToken cancellationToken)
    {
        Answer answer;
        do
        {
            var request = new Request(asker.Request);
            answer = await context.AskAsync(answerer, request, cancellationToken: CancellationToken.None);
        }
        while (asker.Accept(answer.Value));
    }
}

internal sealed class AnswerAgent : Agent, IAnswer<Request, Answer>
{
    public Answer Answer(in Request request, Context context) => new(Asker.AnswerTo(request.Number));
}

internal sealed class SpawnedAgent(Round round, long index) : Agent
{
    protected internal override void OnStart(Context context) => round.Started(index);
}

internal sealed class IdleAgent(Round round, long index) : Agent, IHandle<Go>
{
    public void Handle(in Go message, Context context) => round.Report(1, index, 0);
}

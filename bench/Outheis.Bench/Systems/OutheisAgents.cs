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

internal readonly record struct SkynetSeed(Branch Branch, AgentId Maker);

internal readonly record struct Sum(long Value);

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

/// <summary>
/// One agent of the tree: it makes its parts, adds up what they say and says that to its own maker. All end.
/// </summary>
internal sealed class SkynetAgent : Agent, IHandle<Sum>
{
    private readonly Branch _branch;
    private readonly Capability<Sum> _maker;
    private readonly Action<long>? _over;
    private readonly SpawnCapability<SkynetSeed>[] _spawn = [];
    private long _sum;
    private int _missing = Branch.Parts;

    /// <summary>The root, whose parts are spread over some cores.</summary>
    public SkynetAgent(Branch branch, Action<long> over, SpawnCapability<SkynetSeed>[] spawn) =>
        (_branch, _over, _spawn) = (branch, over, spawn);

    private SkynetAgent(Endowment endow, in SkynetSeed seed)
    {
        _branch = seed.Branch;
        _maker = endow.Grant<Sum>(seed.Maker);
        if (!_branch.IsLeaf) _spawn = [endow.GrantSpawn<SkynetSeed>(null, Make)];
    }

    public static Agent Make(Endowment endow, SkynetSeed seed) => new SkynetAgent(endow, seed);

    protected internal override void OnStart(Context context)
    {
        if (_branch.IsLeaf)
        {
            End(_branch.First, context);
            return;
        }
        for (int i = 0; i < Branch.Parts; i++)
        {
            var seed = new SkynetSeed(_branch.Part(i), context.Self);
            if (context.Spawn(_spawn[i % _spawn.Length], seed, out _) != SpawnResult.Spawned)
                throw new InvalidOperationException("a spawn was refused");
        }
    }

    public void Handle(in Sum message, Context context)
    {
        _sum += message.Value;
        if (--_missing == 0) End(_sum, context);
    }

    private void End(long sum, Context context)
    {
        if (_over is null) OutheisSystem.Must(context.Send(_maker, new Sum(sum)));
        else _over(sum);
        context.Stop();
    }
}

internal sealed class IdleAgent(Round round, long index) : Agent, IHandle<Go>
{
    public void Handle(in Go message, Context context) => round.Report(1, index, 0);
}

using Outheis.Bench.Parts;
using Proto;

namespace Outheis.Bench.Systems;

internal sealed record ProtoLink(PID Next);

internal sealed record ProtoSource(int Sender, PID Pid);

internal sealed class ProtoStart
{
    public static readonly ProtoStart Instance = new();
}

internal sealed class ProtoMore
{
    public static readonly ProtoMore Instance = new();
}

internal sealed class ProtoToken(long value)
{
    public readonly long Value = value;
}

internal sealed class ProtoBall(long number)
{
    public static readonly ProtoBall[] All =
        [.. Enumerable.Range(0, Player.Balls).Select(number => new ProtoBall(number))];

    public readonly long Number = number;
}

internal sealed class ProtoItem(long value)
{
    public readonly long Value = value;
}

internal sealed class ProtoRequest(long number)
{
    public readonly long Number = number;
}

internal sealed class ProtoAnswer(long value)
{
    public readonly long Value = value;
}

internal sealed class ProtoRingActor(RingNode node) : IActor
{
    private PID _next = new();

    public Task ReceiveAsync(IContext context)
    {
        long own;
        switch (context.Message)
        {
            case ProtoToken token:
                if (node.TryRelease(out own)) context.Send(_next, new ProtoToken(own));
                if (node.Pass(token.Value, out long next)) context.Send(_next, new ProtoToken(next));
                break;
            case ProtoStart:
                if (node.Start(out own)) context.Send(_next, new ProtoToken(own));
                break;
            case ProtoLink link:
                _next = link.Next;
                break;
        }
        return Task.CompletedTask;
    }
}

internal sealed class ProtoPlayerActor(Player player) : IActor
{
    private PID _other = new();

    public Task ReceiveAsync(IContext context)
    {
        switch (context.Message)
        {
            case ProtoBall ball:
                if (player.Receive(ball.Number, out long reply)) context.Send(_other, ProtoBall.All[reply]);
                break;
            case ProtoStart:
                context.Send(_other, ProtoBall.All[Player.FirstBall]);
                break;
            case ProtoLink link:
                _other = link.Next;
                break;
        }
        return Task.CompletedTask;
    }
}

/// <summary>
/// Sends a window in two halves; the receiver asks for the next half whenever it has taken one.
/// </summary>
internal sealed class ProtoSourceActor(Source source, PID sink) : IActor
{
    private bool _open;

    public Task ReceiveAsync(IContext context)
    {
        switch (context.Message)
        {
            case ProtoMore:
                SendHalf(context);
                break;
            case ProtoStart:
                _open = true;
                SendHalf(context);
                SendHalf(context);
                break;
        }
        return Task.CompletedTask;
    }

    private void SendHalf(IContext context)
    {
        for (int i = 0; i < ProtoSystem.Window / 2 && _open; i++)
        {
            context.Send(sink, new ProtoItem(source.Current));
            _open = source.Advance();
        }
    }
}

internal sealed class ProtoSinkActor(Sink sink, int senders) : IActor
{
    private readonly int[] _taken = new int[senders];
    private readonly PID[] _sources = new PID[senders];

    public Task ReceiveAsync(IContext context)
    {
        switch (context.Message)
        {
            case ProtoItem item:
                int sender = Source.SenderOf(item.Value);
                if (++_taken[sender] == ProtoSystem.Window / 2)
                {
                    _taken[sender] = 0;
                    context.Send(_sources[sender], ProtoMore.Instance);
                }
                sink.Receive(item.Value);
                break;
            case ProtoSource source:
                _sources[source.Sender] = source.Pid;
                break;
        }
        return Task.CompletedTask;
    }
}

internal sealed class ProtoHostSinkActor(Sink sink, SemaphoreSlim room) : IActor
{
    private int _taken;

    public Task ReceiveAsync(IContext context)
    {
        if (context.Message is ProtoItem item)
        {
            if (++_taken == ProtoSystem.Window / 2)
            {
                _taken = 0;
                room.Release();
            }
            sink.Receive(item.Value);
        }
        return Task.CompletedTask;
    }
}

internal sealed class ProtoAskActor(Asker asker, PID answerer) : IActor
{
    public Task ReceiveAsync(IContext context) =>
        context.Message is ProtoStart ? AskAll(context) : Task.CompletedTask;

    private async Task AskAll(IContext context)
    {
        while (true)
        {
            var request = new ProtoRequest(asker.Request);
            var answer = await context.RequestAsync<ProtoAnswer>(answerer, request, CancellationToken.None);
            if (!asker.Accept(answer.Value)) return;
        }
    }
}

internal sealed class ProtoAnswerActor : IActor
{
    public Task ReceiveAsync(IContext context)
    {
        if (context.Message is ProtoRequest request)
            context.Respond(new ProtoAnswer(Asker.AnswerTo(request.Number)));
        return Task.CompletedTask;
    }
}

internal sealed class ProtoSpawnedActor(Round round, long index) : IActor
{
    public Task ReceiveAsync(IContext context)
    {
        if (context.Message is Started) round.Started(index);
        return Task.CompletedTask;
    }
}

internal sealed record ProtoBranch(Branch Branch, Action<long>? Over);

internal sealed class ProtoSum(long value)
{
    public readonly long Value = value;
}

/// <summary>All of one Props, told by a message which part is theirs: making Props for each costs more.</summary>
internal sealed class ProtoSkynetActor : IActor
{
    public static readonly Props Props = Props.FromProducer(static () => new ProtoSkynetActor());

    private Action<long>? _over;
    private long _sum;
    private int _missing = Branch.Parts;

    public Task ReceiveAsync(IContext context)
    {
        switch (context.Message)
        {
            case ProtoSum part:
                _sum += part.Value;
                if (--_missing == 0) End(_sum, context);
                break;
            case ProtoBranch { Branch: var branch, Over: var over }:
                _over = over;
                if (branch.IsLeaf) End(branch.First, context);
                else Grow(branch, context);
                break;
        }
        return Task.CompletedTask;
    }

    private static void Grow(Branch branch, IContext context)
    {
        for (int i = 0; i < Branch.Parts; i++)
            context.Send(context.Spawn(Props), new ProtoBranch(branch.Part(i), null));
    }

    private void End(long sum, IContext context)
    {
        if (_over is null) context.Send(context.Parent!, new ProtoSum(sum));
        else _over(sum);
        context.Stop(context.Self);
    }
}

internal sealed class ProtoIdleActor(Round round, long index) : IActor
{
    public Task ReceiveAsync(IContext context)
    {
        if (context.Message is ProtoStart) round.Report(1, index, 0);
        return Task.CompletedTask;
    }
}

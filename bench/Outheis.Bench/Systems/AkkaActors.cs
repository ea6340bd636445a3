using Akka.Actor;
using Outheis.Bench.Parts;

namespace Outheis.Bench.Systems;

internal sealed record AkkaLink(IActorRef Next);

internal sealed class AkkaStart
{
    public static readonly AkkaStart Instance = new();
}

internal sealed class AkkaMore
{
    public static readonly AkkaMore Instance = new();
}

internal sealed class AkkaToken(long value)
{
    public readonly long Value = value;
}

internal sealed class AkkaBall(long number)
{
    public static readonly AkkaBall[] All =
        [.. Enumerable.Range(0, Player.Balls).Select(number => new AkkaBall(number))];

    public readonly long Number = number;
}

internal sealed class AkkaItem(long value)
{
    public readonly long Value = value;
}

internal sealed class AkkaRequest(long number)
{
    public readonly long Number = number;
}

internal sealed class AkkaAnswer(long value)
{
    public readonly long Value = value;
}

internal sealed class AkkaRingActor(RingNode node) : UntypedActor
{
    private IActorRef _next = ActorRefs.Nobody;

    protected override void OnReceive(object message)
    {
        long own;
        switch (message)
        {
            case AkkaToken token:
                if (node.TryRelease(out own)) _next.Tell(new AkkaToken(own), ActorRefs.NoSender);
                if (node.Pass(token.Value, out long next)) _next.Tell(new AkkaToken(next), ActorRefs.NoSender);
                break;
            case AkkaStart:
                if (node.Start(out own)) _next.Tell(new AkkaToken(own), ActorRefs.NoSender);
                break;
            case AkkaLink link:
                _next = link.Next;
                break;
        }
    }
}

internal sealed class AkkaPlayerActor(Player player) : UntypedActor
{
    private IActorRef _other = ActorRefs.Nobody;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AkkaBall ball:
                if (player.Receive(ball.Number, out long reply))
                    _other.Tell(AkkaBall.All[reply], ActorRefs.NoSender);
                break;
            case AkkaStart:
                _other.Tell(AkkaBall.All[Player.FirstBall], ActorRefs.NoSender);
                break;
            case AkkaLink link:
                _other = link.Next;
                break;
        }
    }
}

/// <summary>
/// Sends a window in two halves; the receiver asks for the next half whenever it has taken one.
/// </summary>
internal sealed class AkkaSourceActor(Source source, IActorRef sink) : UntypedActor
{
    private bool _open;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AkkaMore:
                SendHalf();
                break;
            case AkkaStart:
                _open = true;
                SendHalf();
                SendHalf();
                break;
        }
    }

    private void SendHalf()
    {
        for (int i = 0; i < AkkaSystem.Window / 2 && _open; i++)
        {
            sink.Tell(new AkkaItem(source.Current), Self);
            _open = source.Advance();
        }
    }
}

internal sealed class AkkaSinkActor(Sink sink, int senders) : UntypedActor
{
    private readonly int[] _taken = new int[senders];

    protected override void OnReceive(object message)
    {
        if (message is not AkkaItem item) return;
        ref int taken = ref _taken[Source.SenderOf(item.Value)];
        if (++taken == AkkaSystem.Window / 2)
        {
            taken = 0;
            Sender.Tell(AkkaMore.Instance, ActorRefs.NoSender);
        }
        sink.Receive(item.Value);
    }
}

internal sealed class AkkaHostSinkActor(Sink sink, SemaphoreSlim room) : UntypedActor
{
    private int _taken;

    protected override void OnReceive(object message)
    {
        if (message is not AkkaItem item) return;
        if (++_taken == AkkaSystem.Window / 2)
        {
            _taken = 0;
            room.Release();
        }
        sink.Receive(item.Value);
    }
}

internal sealed class AkkaAskActor : ReceiveActor
{
    public AkkaAskActor(Asker asker, IActorRef answerer)
    {
        ReceiveAsync<AkkaStart>(async _ =>
        {
            while (asker.Accept((await answerer.Ask<AkkaAnswer>(new AkkaRequest(asker.Request))).Value)) { }
        });
    }
}

internal sealed class AkkaAnswerActor : UntypedActor
{
    protected override void OnReceive(object message)
    {
        if (message is AkkaRequest request)
            Sender.Tell(new AkkaAnswer(Asker.AnswerTo(request.Number)), ActorRefs.NoSender);
    }
}

internal sealed class AkkaSpawnedActor(Round round, long index) : UntypedActor
{
    protected override void PreStart() => round.Started(index);

    protected override void OnReceive(object message) { }
}

internal sealed class AkkaSum(long value)
{
    public readonly long Value = value;
}

/// <summary>Over is for the root alone.</summary>
internal sealed class AkkaSkynetActor(Branch branch, Action<long>? over) : UntypedActor
{
    private long _sum;
    private int _missing = Branch.Parts;

    public static Props Of(Branch branch, Action<long>? over = null) =>
        AkkaSystem.Made.By(() => new AkkaSkynetActor(branch, over));

    protected override void PreStart()
    {
        if (branch.IsLeaf)
        {
            End(branch.First);
            return;
        }
        for (int i = 0; i < Branch.Parts; i++) Context.ActorOf(Of(branch.Part(i)));
    }

    protected override void OnReceive(object message)
    {
        if (message is not AkkaSum part) return;
        _sum += part.Value;
        if (--_missing == 0) End(_sum);
    }

    private void End(long sum)
    {
        if (over is null) Context.Parent.Tell(new AkkaSum(sum), ActorRefs.NoSender);
        else over(sum);
        Context.Stop(Self);
    }
}

internal sealed class AkkaIdleActor(Round round, long index) : UntypedActor
{
    protected override void OnReceive(object message)
    {
        if (message is AkkaStart) round.Report(1, index, 0);
    }
}

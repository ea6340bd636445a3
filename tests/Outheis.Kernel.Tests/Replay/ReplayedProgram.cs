using Outheis.Testing;
using Outheis.Tests.Journal;

namespace Outheis.Tests.Replay;

public readonly record struct Feed(long Number);

public readonly record struct Share(long Number, long Sum);

public readonly record struct Weigh(long Number);

public readonly record struct Weight(long Grams);

public readonly record struct Stumble(long Number);

public readonly record struct Total(long Sum, long Count, long Clock, ulong Random, long Grams);

/// <summary>Plain: passes on what it was fed, with what it knows so far, and stumbles now and then.</summary>
public sealed class Feeder(Capability<Share> onward, int bias = 0) : Agent, IHandle<Feed>, IHandle<Stumble>
{
    /// <summary>In the place of a bias: says nothing at the 40th, or all twice.</summary>
    public const int Silent = -1, Twice = -2;

    public Total Known { get; private set; }

    public uint Incarnation { get; private set; }

    protected internal override void OnStart(Context context)
    {
        Incarnation = context.Incarnation;
        context.Send(onward, new Share(0, context.Incarnation));
    }

    public void Handle(in Feed message, Context context)
    {
        Known = Known with
        {
            Sum = Known.Sum + message.Number,
            Count = Known.Count + 1,
            Clock = context.UtcNow.UtcTicks ^ Known.Clock,
            Random = context.NextRandom() ^ Known.Random,
        };
        if (message.Number == 40 && bias is Silent or Twice)
        {
            SayOtherwise(message, context);
            return;
        }

        long mine = message.Number == 40 ? bias : 0;
        if (context.Send(onward, new Share(message.Number, Known.Sum + mine)) != SendResult.Sent)
        {
            Known = Known with { Sum = Known.Sum + 1_000_000 };
        }
    }

    private void SayOtherwise(in Feed message, Context context)
    {
        for (int i = 0; i < (bias == Twice ? 2 : 0); i++)
        {
            context.Send(onward, new Share(message.Number, Known.Sum));
        }
    }

    public void Handle(in Stumble message, Context context)
    {
        context.Send(onward, new Share(message.Number, -1));
        throw new InvalidOperationException("stumbled");
    }
}

/// <summary>Durable: keeps a sum, has each share weighed by another agent, and buys through an effect.</summary>
public sealed class Keeper(AskCapability<Weigh, Weight> scales, Func<string, ValueTask<long>> buy)
    : DurableAgent<Total>(default), IHandleAsync<Share>, IHandleAsync<Stumble>
{
    public async ValueTask HandleAsync(Share message, AgentContext context, CancellationToken cancellationToken)
    {
        Weight weight = default;
        try
        {
            weight = await context.AskAsync(scales, new Weigh(message.Number));
        }
        catch (AskException failure)
        {
            State = State with { Clock = State.Clock + (long)failure.Outcome };      // failed; dead with its process
        }

        Effect<long> bought = message.Number % 10 == 3
            ? await context.EffectAsync("buy", (key, _) => buy(key)) : default;
        State = State with
        {
            Sum = State.Sum + message.Sum + bought.Value,
            Count = State.Count + 1,
            Grams = State.Grams + weight.Grams,
            Random = State.Random ^ context.NextRandom(),
        };
    }

    public ValueTask HandleAsync(Stumble message, AgentContext context, CancellationToken cancellationToken)
    {
        State = State with { Sum = -1 };
        throw new TimeoutException("stumbled");
    }
}

/// <summary>Answers, and throws at some.</summary>
public sealed class Scales : Agent, IAnswer<Weigh, Weight>
{
    public Weight Answer(in Weigh request, Context context) => request.Number % 50 == 49
        ? throw new InvalidOperationException("too heavy") : new Weight(request.Number * 3);
}

/// <summary>Three agents on several cores, that fail now and then and are restarted; and the same as a program to
/// replay.</summary>
internal sealed class ReplayedProgram(SimulatedDisk disk, int cores = 2)
{
    public static readonly MessageCodecs Codecs = new MessageCodecs()
        .Add<Feed>().Add<Share>().Add<Stumble>().AddRequest<Weigh, Weight>();

    /// <summary>The keeper's lane is read first: what followed from an answer may be read before that.</summary>
    public bool AnswersComeLater { get; init; }

    /// <summary>How often something was bought.</summary>
    public int Bought { get; private set; }

    public AgentId Feeder { get; private set; }

    public AgentId Keeper { get; private set; }

    public StepKernel Start(
        int seed = 1, int snapshotEvery = 20, int capacity = Limits.ChannelMessages, string? directory = null) => new(
        seed, cores, capacity, disk: disk, codecs: Codecs, snapshotEvery: snapshotEvery, recordInputs: true,
        directory: directory);

    public void SpawnAll(Kernel kernel, int bias = 0)
    {
        int last = kernel.ListCores().Count - 1;
        (int ofScales, int ofKeeper) = AnswersComeLater ? (last, 0) : (0, last);
        AgentId overseer = kernel.Spawn("overseer", static () => new Restarter());
        AgentId scales = kernel.Spawn(
            "scales", static () => new Scales(), new SpawnOptions { Supervisor = overseer, Core = ofScales });
        Keeper = kernel.Spawn(
            "keeper", who => new Keeper(who.GrantAsk<Weigh, Weight>(scales), _ => ValueTask.FromResult((long)++Bought)),
            new SpawnOptions { Supervisor = overseer, Core = ofKeeper });
        Feeder = kernel.Spawn(
            "feeder", who => new Feeder(who.Grant<Share>(Keeper, badge: 7), bias),
            new SpawnOptions { Supervisor = overseer, Core = 0 });
    }

    public JournalReplay Replay(int bias = 0, params string[] only) => JournalReplay.OpenOn(
        Journals.Path, disk, kernel => SpawnAll(kernel, bias), new ReplayOptions
        {
            Codecs = Codecs, Only = only.Length == 0 ? null : only,
        });
}

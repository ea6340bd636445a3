using System.Text;
using System.Text.Json.Serialization;

namespace Outheis.Tests.Proofs;

/// <summary>The number is its producer's next one; what it says follows from it.</summary>
public readonly record struct Job(int Producer, int Number);

public readonly record struct Order(int Producer, int Number);

/// <summary>What an account has come to; each part depends on the order of what it took.</summary>
public readonly record struct Tally(long Messages, long Digest, long Refused, long Clock, ulong Random)
{
    public Tally Add(Job job, bool refused, long clock, ulong random) => new(
        Messages + 1, (Digest * 31) + job.Producer + job.Number, Refused + (refused ? 1 : 0),
        (Clock * 31) ^ clock, (Random * 31) ^ random);
}

/// <summary>As JSON in the journal.</summary>
public sealed record Till(long Orders, long Digest, long Done, long InDoubt, long Value)
{
    public static readonly Till Empty = new(0, 0, 0, 0, 0);

    public Till Add(Order order, Effect<long> charge, Effect<long> mail) => new(
        Orders + 1, (Digest * 31) + order.Producer + order.Number, Done + Is(EffectOutcome.Done, charge, mail),
        InDoubt + Is(EffectOutcome.InDoubt, charge, mail), (Value * 31) + charge.Value + mail.Value);

    private static int Is(EffectOutcome outcome, params ReadOnlySpan<Effect<long>> effects)
    {
        int count = 0;
        foreach (Effect<long> effect in effects)
        {
            count += effect.Outcome == outcome ? 1 : 0;
        }

        return count;
    }
}

[JsonSerializable(typeof(Till))]
internal sealed partial class ProofJson : JsonSerializerContext;

/// <summary>Passes on what it takes, looks at clock and chance. Durable.</summary>
internal sealed class Account(string name, Capability<Job> onward) : DurableAgent<Tally>(default), IHandle<Job>
{
    public void Handle(in Job message, Context context)
    {
        SendResult sent = context.Send(onward, message);
        State = State.Add(message, sent != SendResult.Sent, context.UtcNow.UtcTicks, context.NextRandom());
    }

    protected internal override void OnStart(Context context) => ProofChild.Say($"state {name} {State}");
}

/// <summary>Acts twice on the world for each order, awaiting both. Durable.</summary>
internal sealed class Shop(string world) : DurableAgent<Till>(Till.Empty), IHandleAsync<Order>
{
    public async ValueTask HandleAsync(Order message, AgentContext context, CancellationToken cancellationToken)
    {
        _ = context.UtcNow;
        Effect<long> charge = await TryAsync(context, "charge", message).ConfigureAwait(true);
        Effect<long> mail = await TryAsync(context, "mail", message).ConfigureAwait(true);
        State = State.Add(message, charge, mail);
    }

    protected internal override void OnStart(Context context) => ProofChild.Say($"state shop {State}");

    private async ValueTask<Effect<long>> TryAsync(AgentContext context, string key, Order order)
    {
        try
        {
            return await context.EffectAsync(key, (name, _) => ActAsync(name, order)).ConfigureAwait(true);
        }
        catch (JournalException)
        {
            return default;      // the disk is full: nothing was noted, and nothing run
        }
    }

    // One write to the end of a file, which is either made or not.
    private async ValueTask<long> ActAsync(string key, Order order)
    {
        if (order.Number % 3 == 0)
        {
            await Task.Delay(1).ConfigureAwait(false);
        }

        await using (var file = new FileStream(world, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 0))
        {
            file.Write(Encoding.UTF8.GetBytes(key + "\n"));
        }

        if (order.Number % 3 == 1)
        {
            await Task.Yield();
        }

        return key.Length + order.Number;
    }
}

/// <summary>Passes on to another core and waits for the disk. Not durable itself.</summary>
internal sealed class Relay(Capability<Job> onward) : Agent, IHandleAsync<Job>
{
    public async ValueTask HandleAsync(Job message, AgentContext context, CancellationToken cancellationToken)
    {
        Job next = message with { Producer = ProofChild.RelayProducer };
        bool isDurable = message.Number % 2 == 0;
        try
        {
            SendResult sent = await context.SendAsync(
                onward, next, isDurable ? Durability.Durable : Durability.Buffered, cancellationToken)
                .ConfigureAwait(true);
            if (isDurable)
            {
                ProofChild.Say($"{(sent == SendResult.Sent ? "durable" : sent)} {next.Producer} {next.Number}");
            }
        }
        catch (JournalException failure)
        {
            ProofChild.Say($"exception {next.Producer} {next.Number} {failure.Message}");
        }
    }
}

internal sealed class Sink : Agent, IHandle<Job>
{
    public void Handle(in Job message, Context context)
    {
    }
}

using System.Text.Json.Serialization;

namespace Outheis.Testing.Tests.Kit;

internal readonly record struct Deposit(long Cents);

internal sealed record Note(string Text);

internal readonly record struct GetBalance;

internal readonly record struct Balance(long Cents, uint Incarnation);

internal readonly record struct GetRate(int Currency);

internal readonly record struct Rate(long PerMille);

/// <summary>The agent under test: takes deposits in a foreign currency, asks for the rate, tells an auditor.</summary>
internal sealed class Account(Capability<Note> auditor, AskCapability<GetRate, Rate> rates)
    : Agent, IHandleAsync<Deposit>, IAnswer<GetBalance, Balance>
{
    private long _cents;

    public async ValueTask HandleAsync(Deposit message, AgentContext context, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(message.Cents);
        try
        {
            Rate rate = await context.AskAsync(rates, new GetRate(1), cancellationToken: cancellationToken);
            _cents += message.Cents * rate.PerMille / 1000;
            await context.SendAsync(auditor, new Note($"{message.Cents} cents came in"), cancellationToken);
        }
        catch (AskException failure)
        {
            await context.SendAsync(auditor, new Note($"no rate: {failure.Outcome}"), cancellationToken);
        }
    }

    public Balance Answer(in GetBalance request, Context context) => new(_cents, context.Incarnation);
}

[JsonSerializable(typeof(Note))]
internal sealed partial class BankJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace Outheis.Samples.Testing;

internal readonly record struct Order(int Item, int Pieces);

internal readonly record struct GetPrice(int Item);

internal readonly record struct Price(long Cents);

internal readonly record struct GetTotal;

internal readonly record struct Total(long Cents);

internal sealed record Bill(int Number, long Cents);

/// <summary>The agent under test: asks the stock for a price, again after a minute if that fails, and sends a
/// bill.</summary>
internal sealed class Shop(AskCapability<GetPrice, Price> stock, Capability<Bill> billing, TimeProvider time)
    : Agent, IHandleAsync<Order>, IAnswer<GetTotal, Total>
{
    private int _bills;
    private long _cents;

    public async ValueTask HandleAsync(Order message, AgentContext context, CancellationToken cancellationToken)
    {
        Price price;
        try
        {
            price = await context.AskAsync(stock, new GetPrice(message.Item), cancellationToken: cancellationToken);
        }
        catch (AskException)
        {
            await Task.Delay(TimeSpan.FromMinutes(1), time, cancellationToken);
            price = await context.AskAsync(stock, new GetPrice(message.Item), cancellationToken: cancellationToken);
        }

        long cents = price.Cents * message.Pieces;
        await context.SendAsync(billing, new Bill(++_bills, cents), cancellationToken);
        _cents += cents;
    }

    public Total Answer(in GetTotal request, Context context) => new(_cents);
}

[JsonSerializable(typeof(Bill))]
internal sealed partial class ShopJson : JsonSerializerContext;

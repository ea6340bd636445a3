using System.Runtime.CompilerServices;
using Outheis;

await using Kernel kernel = Kernel.Start();
AgentId counter = kernel.Spawn("counter", () => new Counter());
AgentId adder = kernel.Spawn("adder", born => new Adder(born.GrantStream<CountTo, int>(counter)), new SpawnOptions());
Console.WriteLine($"adder: {await kernel.GrantAsk<Sum, int>(adder).AskAsync(new Sum(100))}");

// The host may stop early: the counter, which is never more than two ahead, hears of it.
StreamCapability<CountTo, int> count = kernel.GrantStream<CountTo, int>(counter);
await foreach (int number in count.StreamAsync(new CountTo(int.MaxValue), window: 2))
{
    Console.WriteLine($"host: {number}");
    if (number == 3)
    {
        break;
    }
}

internal readonly record struct CountTo(int Last);

internal readonly record struct Sum(int Last);

/// <summary>Produces a number whenever somebody may take one.</summary>
internal sealed class Counter : Agent, IProduce<CountTo, int>
{
    public async IAsyncEnumerable<int> ProduceAsync(
        CountTo request, AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int number = 1; number <= request.Last; number++)
        {
            if (context.ShouldYield)
            {
                await context.Yield();
            }

            yield return number;
        }
    }
}

/// <summary>Adds up what the counter produces.</summary>
internal sealed class Adder(StreamCapability<CountTo, int> counter) : Agent, IAnswerAsync<Sum, int>
{
    public async ValueTask<int> AnswerAsync(Sum request, AgentContext context, CancellationToken cancellationToken)
    {
        int sum = 0;
        await foreach (int number in context.StreamAsync(counter, new CountTo(request.Last))
            .WithCancellation(cancellationToken))
        {
            sum += number;
        }

        return sum;
    }
}

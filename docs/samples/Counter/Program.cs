using Outheis;

// Run it twice: the second process goes on counting where the first one ended, however that was.
await using Kernel kernel = Kernel.Start(new KernelOptions
{
    JournalDirectory = args is [var directory] ? directory : "journal",
    Codecs = new MessageCodecs().Add<Increment>().AddRequest<GetTotal, Total>(),
});
AgentId counter = kernel.Spawn("counter", () => new Counter());
SendResult sent = await kernel.Grant<Increment>(counter).SendAsync(new Increment(By: 1), Durability.Durable);
Total total = await kernel.GrantAsk<GetTotal, Total>(counter).AskAsync(default);
Console.WriteLine($"{sent}, and it will outlive the power; counted {total.Count} so far");

internal readonly record struct Increment(int By);

internal readonly record struct GetTotal;

internal readonly record struct Total(long Count);

internal sealed class Counter() : DurableAgent<Total>(default), IHandle<Increment>, IAnswer<GetTotal, Total>
{
    public void Handle(in Increment message, Context context) => State = new Total(State.Count + message.By);

    public Total Answer(in GetTotal request, Context context) => State;
}

using System.Globalization;

namespace Outheis.Tests.Proofs;

public readonly record struct Brick(int Number);

public readonly record struct GetBricks;

public readonly record struct Bricks(int Count);

/// <summary>The child whose directory is removed once it is open: says what sends and asks come to.</summary>
internal static class RemovedProof
{
    public const string Role = "removed";

    private const int Looks = 20;      // each of 10 ms

    public static void Run(string root)
    {
        Kernel kernel = ProofChild.Start(
            root, new MessageCodecs().Add<Brick>().AddRequest<GetBricks, Bricks>(), capacity: 1 << 16);
        AgentId wall = kernel.Spawn("wall", static _ => new Wall(), new SpawnOptions());
        Capability<Brick> to = kernel.Grant<Brick>(wall);
        AskCapability<GetBricks, Bricks> look = kernel.GrantAsk<GetBricks, Bricks>(wall);
        int sent = Ask(look);
        ProofChild.Say("open");
        Console.In.ReadLine();      // removed
        SendResult first = to.Send(new Brick(sent++));
        SendResult durable = Wait(to.SendAsync(new Brick(sent++), Durability.Durable));
        ProofChild.Say($"unnoticed {first} durable {durable}");
        while (!IsFullForGood(to, ref sent))
        {
        }

        Task<SendResult> waiting = to.SendAsync(new Brick(sent)).AsTask();
        Task<SendResult> durably = to.SendAsync(new Brick(sent), Durability.Durable).AsTask();
        Thread.Sleep(10 * Looks);
        SendResult now = to.Send(new Brick(sent));
        ProofChild.Say($"full {now}, waits {!waiting.IsCompleted}, durable waits {!durably.IsCompleted}");
        try
        {
            ProofChild.Say(string.Create(CultureInfo.InvariantCulture, $"ask answered {Ask(look)}"));
        }
        catch (AskException failure)
        {
            Exception? reason = failure.InnerException;
            ProofChild.Say($"ask {failure.Outcome} {reason?.GetType().Name} {reason?.Message}");
        }

        Console.In.ReadLine();
        kernel.StopAsync(TimeSpan.FromSeconds(1)).GetAwaiter().GetResult();
        ProofChild.Say($"stopped {Wait(new(waiting))} {Wait(new(durably))}");
    }

    // The channel is large and its agent quick: what is refused so long is refused by the journal.
    private static bool IsFullForGood(Capability<Brick> to, ref int sent)
    {
        for (int look = 0; look < Looks; look++)
        {
            if (to.Send(new Brick(sent)) == SendResult.Sent)
            {
                sent++;
                return false;
            }

            Thread.Sleep(10);
        }

        return true;
    }

    private static int Ask(AskCapability<GetBricks, Bricks> look) =>
        look.AskAsync(default, TimeSpan.FromSeconds(30)).AsTask().GetAwaiter().GetResult().Count;

    private static SendResult Wait(ValueTask<SendResult> sent) => sent.AsTask().GetAwaiter().GetResult();

    private sealed class Wall : Agent, IHandle<Brick>, IAnswer<GetBricks, Bricks>
    {
        private int _count;

        public void Handle(in Brick message, Context context) => _count++;

        public Bricks Answer(in GetBricks request, Context context) => new(_count);
    }
}

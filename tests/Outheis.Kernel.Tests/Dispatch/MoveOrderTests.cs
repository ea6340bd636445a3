using System.Diagnostics;
using Xunit;

namespace Outheis.Tests;

/// <summary>
/// Agents that send each other numbers, on real threads, and outside threads that send too, while all of them are moved
/// at random: of each sender and receiver the numbers come in order, and each once (INV-01, INV-02, hazard 11).
/// </summary>
[Collection(OnThreads.Name)]
public sealed class MoveOrderTests
{
    private const int Agents = 6;
    private const int Outside = 2;

    [Fact]
    public Task Move_ManyTimes_KeepsTheOrderOfEachSender() => Run(moves: 20_000);

    [Fact(Explicit = true)]      // by hand: a minute or so (docs/testing.md)
    public Task Move_AMillionTimes_KeepsTheOrderOfEachSender() => Run(moves: 1_000_000);

    private static async Task Run(int moves)
    {
        await using Kernel kernel = ThreadKernel.Start(cores: 3, capacity: 64);
        var ids = new AgentId[Agents];
        var members = new Member[Agents];
        for (int i = 0; i < Agents; i++)
        {
            int index = i;
            ids[i] = kernel.Spawn($"member {i}", () => members[index] = new Member(index));
        }

        for (int i = 0; i < Agents; i++)
        {
            int index = i;
            Capability<Numbered>[] ways = [.. ids.Select(id => kernel.GrantTo<Numbered>(ids[index], id))];
            Assert.Equal(SendResult.Sent, kernel.Grant<Begin>(ids[i]).Send(new Begin(ways)));
        }

        long[] sent = new long[Outside];
        int isOver = 0;
        Thread[] senders = [.. Enumerable.Range(0, Outside).Select(outside => new Thread(() =>
        {
            Capability<Numbered> to = kernel.Grant<Numbered>(ids[outside]);
            while (Volatile.Read(ref isOver) == 0)
            {
                if (to.Send(new Numbered(Agents + outside, sent[outside] + 1)) == SendResult.Sent)
                {
                    sent[outside]++;
                }
                else
                {
                    Thread.Yield();
                }
            }
        }) { IsBackground = true })];
        Array.ForEach(senders, static thread => thread.Start());

        await MoveAtRandom(kernel, ids, moves);
        Volatile.Write(ref isOver, 1);
        Array.ForEach(senders, static thread => Assert.True(thread.Join(ThreadKernel.Patience)));
        Array.ForEach(ids, id => Assert.Equal(SendResult.Sent, Until(kernel.Grant<End>(id))));
        Assert.True((await kernel.StopAsync(ThreadKernel.Patience)).Drained);
        Check(members, sent);
        long moved = kernel.ListCores().Sum(static core => core.GivenAway);
        Assert.InRange(moved, moves, long.MaxValue);
        Assert.Equal(moved, kernel.ListCores().Sum(static core => core.Acquired));
    }

    private static void Check(Member[] members, long[] sent)
    {
        Assert.All(members, static member => Assert.Null(member.Wrong));
        for (int from = 0; from < Agents; from++)
        {
            Assert.All(members, to => Assert.Equal(members[from].Sent[to.Index], to.Newest[from]));
        }

        Assert.Equal(sent, Enumerable.Range(0, Outside).Select(i => members[i].Newest[Agents + i]));
    }

    private static async Task MoveAtRandom(Kernel kernel, AgentId[] ids, int moves)
    {
        var random = new Random(moves);
        var underWay = new Queue<Task<bool>>();
        int cores = kernel.ListCores().Count;
        while (kernel.ListCores().Sum(static core => core.GivenAway) < moves)
        {
            underWay.Enqueue(kernel.MoveAgentAsync(ids[random.Next(Agents)], random.Next(cores)));
            if (underWay.Count >= 8)
            {
                Assert.True(await ThreadKernel.Within(new ValueTask<bool>(underWay.Dequeue())));
            }
        }
    }

    private static SendResult Until(Capability<End> to)
    {
        long start = Stopwatch.GetTimestamp();
        SendResult result;
        while ((result = to.Send(default)) == SendResult.Full
            && Stopwatch.GetElapsedTime(start) < ThreadKernel.Patience)
        {
            Thread.Yield();
        }

        return result;
    }

    private readonly record struct Numbered(int From, long Number);

    private sealed record Begin(Capability<Numbered>[] Ways);

    private readonly record struct End;

    /// <summary>For each message one to somebody, while there is room.</summary>
    private sealed class Member(int index) : Agent, IHandle<Begin>, IHandle<Numbered>, IHandle<End>
    {
        private Capability<Numbered>[] _ways = [];
        private uint _random = (uint)index * 7919 + 1;
        private bool _isOver;

        public int Index => index;

        public long[] Sent { get; } = new long[Agents];

        public long[] Newest { get; } = new long[Agents + Outside];

        public string? Wrong { get; private set; }

        public void Handle(in Begin message, Context context)
        {
            _ways = message.Ways;
            for (int i = 0; i < 4; i++)
            {
                Pass(context);
            }
        }

        public void Handle(in Numbered message, Context context)
        {
            if (message.Number != Newest[message.From] + 1)
            {
                Wrong ??= $"{message} came to {index} behind {Newest[message.From]}";
            }

            Newest[message.From] = message.Number;
            Pass(context);
        }

        public void Handle(in End message, Context context) => _isOver = true;

        private void Pass(Context context)
        {
            if (_isOver || _ways.Length == 0)
            {
                return;
            }

            _random = (_random * 1664525) + 1013904223;
            int to = (int)(_random >> 8) % Agents;
            if (context.Send(_ways[to], new Numbered(index, Sent[to] + 1)) == SendResult.Sent)
            {
                Sent[to]++;
            }
        }
    }
}

using System.Diagnostics;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>A million timers of the agents of one real core, half of them cancelled: the others are said once each,
/// none early, and nothing is allocated for that.</summary>
public sealed class MillionTimersTests
{
    private const int Timers = 1_000_000;
    private const int Agents = 16;
    private const int OfAnAgent = Timers / Agents;
    private const int OfATurn = 500;      // that are armed or cancelled in one message
    private const int Warm = 100_000;
    private const int OfASpan = 20_000;
    private const int Shortest = 6000;
    private const int Longest = 14_000;

    private readonly record struct Arm(int From);

    private readonly record struct Cancel(int From);

    private readonly record struct Due(int Number);

    private readonly record struct GetCount;

    /// <summary>What all of them saw; they are of one core.</summary>
    private sealed class Book
    {
        public readonly AgentTimer[] Timers = new AgentTimer[MillionTimersTests.Timers];
        public readonly long[] DueAt = new long[MillionTimersTests.Timers];      // ticks of the kernel's uptime
        public readonly byte[] Said = new byte[MillionTimersTests.Timers];
        public readonly long[] Allocated = new long[MillionTimersTests.Timers];
        public readonly Random Random = new(1);
        public int All;
        public int Early;
        public long Latest;

        public void Hear(int number, long now)
        {
            Said[number]++;
            Early += now < DueAt[number] ? 1 : 0;
            Latest = Math.Max(Latest, now - DueAt[number]);
            if (All < MillionTimersTests.Timers)
            {
                Allocated[All] = GC.GetAllocatedBytesForCurrentThread();
            }

            Volatile.Write(ref All, All + 1);
        }
    }

    private sealed class Clock(Book book) : Agent, IHandle<Arm>, IHandle<Cancel>, IHandle<Due>, IAnswer<GetCount, int>
    {
        public void Handle(in Arm message, Context context)
        {
            for (int i = message.From; i < message.From + OfATurn; i++)
            {
                var delay = TimeSpan.FromMilliseconds(book.Random.Next(Shortest, Longest));
                book.DueAt[i] = (context.Uptime + delay).Ticks;
                book.Timers[i] = context.After(delay, new Due(i), i % 3 == 0 ? TimeSpan.Zero : null);
            }
        }

        public void Handle(in Cancel message, Context context)
        {
            for (int i = message.From + 1; i < message.From + OfATurn; i += 2)
            {
                context.Cancel(book.Timers[i]);
            }
        }

        public void Handle(in Due message, Context context) => book.Hear(message.Number, context.Uptime.Ticks);

        public int Answer(in GetCount request, Context context) => Core.OfThisThread!.Timers.Count;
    }

    [Fact(Explicit = true)]      // by hand: a quarter of a minute (docs/testing.md)
    public async Task After_AMillionOnOneCoreAndHalfCancelled_TheRestIsSaidOnceNoneEarly()
    {
        var book = new Book();
        await using Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1,
            TurnBudget = Timeout.InfiniteTimeSpan,      // one thread, whose bytes are counted
        });
        AgentId[] agents = [.. Enumerable.Range(0, Agents).Select(_ => kernel.Spawn("clock", () => new Clock(book)))];
        AskCapability<GetCount, int>[] counts = [.. agents.Select(agent => kernel.GrantAsk<GetCount, int>(agent))];
        Assert.Equal(0, await CountAsync(counts));
        long start = Stopwatch.GetTimestamp();
        SendAll(kernel, agents, static from => new Arm(from));
        Assert.Equal(Timers, await CountAsync(counts));
        TimeSpan armed = Stopwatch.GetElapsedTime(start);
        SendAll(kernel, agents, static from => new Cancel(from));
        Assert.Equal(Timers / 2, await CountAsync(counts));
        Assert.True(Volatile.Read(ref book.All) == 0, "too slow a machine: some were due before others were cancelled");

        ThreadKernel.Until(() => Volatile.Read(ref book.All) == Timers / 2, "what is due");
        Assert.Equal(0, await CountAsync(counts));
        long[] spans = [.. Enumerable.Range(Warm / OfASpan, (Timers / 2 / OfASpan) - (Warm / OfASpan) - 1).Select(
            span => book.Allocated[(span + 1) * OfASpan] - book.Allocated[span * OfASpan])];
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"armed in {armed.TotalMilliseconds:0} ms; {book.Latest / TimeSpan.TicksPerMillisecond} ms late at most, "
            + $"leeway and what was due before included; allocated per {OfASpan}: {string.Join(", ", spans)} bytes");
        Assert.All(book.Said.Index(), static one => Assert.Equal((one.Index + 1) % 2, one.Item));
        Assert.Equal(0, book.Early);
        Assert.Equal(0, spans.Min());
        Assert.True(spans.Sum() <= Allocated.ByTheRuntime, $"allocated {spans.Sum()} bytes");
    }

    private static void SendAll<T>(Kernel kernel, AgentId[] agents, Func<int, T> messageFrom)
    {
        for (int from = 0; from < Timers; from += OfATurn)
        {
            kernel.Grant<T>(agents[from / OfAnAgent]).SendAll([messageFrom(from)]);
        }
    }

    // Behind all that was sent before.
    private static async Task<int> CountAsync(AskCapability<GetCount, int>[] counts)
    {
        int count = 0;
        foreach (AskCapability<GetCount, int> ask in counts)
        {
            count = await ask.AskAsync(new GetCount(), ThreadKernel.Patience);
        }

        return count;
    }
}

using System.Diagnostics;
using Xunit;

namespace Outheis.Tests;

/// <summary>Tests on real threads, one class at a time: the machine may have two cores.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OnThreads
{
    public const string Name = "on threads";
}

/// <summary>What tests on real threads have in common. Waits are for hangs alone, so they are long.</summary>
internal static class ThreadKernel
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A kernel that tells an agent's failure on standard error unless somebody wants to hear of it.</summary>
    public static Kernel Start(
        int cores = 2, int capacity = Limits.ChannelMessages, string? journal = null,
            Action<ExitSignal>? failed = null, TimeSpan? turnBudget = null) =>
        Kernel.Start(new KernelOptions
        {
            Cores = cores,
            Pin = false,
            ChannelCapacity = capacity,
            JournalDirectory = journal,
            SegmentBytes = 1 << 20,
            DrainDeadline = Patience,
            Unsupervised = failed,
            TurnBudget = turnBudget ?? Limits.TurnBudget,
        });

    public static void Until(Func<bool> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; !condition(); i++)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"{what} never came");
            if (i < 1000)
            {
                Thread.Yield();
            }
            else
            {
                Thread.Sleep(1);
            }
        }
    }

    public static async Task<T> Within<T>(ValueTask<T> task) => await task.AsTask().WaitAsync(Patience);

    public static async Task Within(Task task) => await task.WaitAsync(Patience);

    /// <summary>Runs each action on a thread of its own and waits for all; what one throws, this throws.</summary>
    public static void Together(params Action[] actions)
    {
        var failures = new List<Exception>();
        Thread[] threads = [.. actions.Select(action => new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception failure)
            {
                lock (failures)
                {
                    failures.Add(failure);
                }
            }
        }) { IsBackground = true })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(Patience), "a test thread hangs");
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    /// <summary>Sends, trying again while there is no room.</summary>
    public static void SendAll<T>(this Capability<T> to, IEnumerable<T> messages)
    {
        foreach (T message in messages)
        {
            SendResult sent = SendResult.Full;
            Until(() => (sent = to.Send(message)) != SendResult.Full, "room");

            Assert.Equal(SendResult.Sent, sent);
        }
    }
}

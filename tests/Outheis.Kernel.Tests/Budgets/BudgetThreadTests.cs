using Xunit;

namespace Outheis.Tests.Budgets;

/// <summary>Budgets on real threads and the real clock.</summary>
[Collection(OnThreads.Name)]
public sealed class BudgetThreadTests
{
    /// <summary>Agents of several cores, on budgets that one caps. None is forgotten by a core that sleeps, and what is
    /// counted is what was done.</summary>
    [Fact]
    public async Task Throttled_ManyOnSeveralCores_AllGoOnAndEverythingIsCounted()
    {
        const int PerAgent = 60;
        await using Kernel kernel = ThreadKernel.Start();
        var period = TimeSpan.FromMilliseconds(2);
        Budget top = kernel.CreateBudget("top", new BudgetOptions { Messages = 40, Period = period });
        Budget[] budgets = [.. Enumerable.Range(0, 2).Select(i => kernel.CreateBudget(
            $"{i}", new BudgetOptions { Messages = 25, CoreTime = period, Period = period }, top))];
        int handled = 0;
        Capability<int>[] ways = [.. Enumerable.Range(0, 8).Select(i => kernel.Grant<int>(kernel.Spawn(
            null, () => new Receiver<int>((in int _, Context _) => Interlocked.Increment(ref handled)),
            new SpawnOptions { Budget = budgets[i % 2], Core = i / 2 % 2 })))];
        foreach (Capability<int> way in ways)
        {
            way.SendAll(Enumerable.Range(0, PerAgent));
        }

        ThreadKernel.Until(() => Volatile.Read(ref handled) == ways.Length * PerAgent, "the last message");
        ThreadKernel.Until(() => top.Describe().Units[1].Spent == ways.Length * PerAgent, "the end of the last turn");
        Assert.Equal(
            Enumerable.Repeat(ways.Length * PerAgent / 2L, 2),
            budgets.Select(static one => one.Describe().Units[1].Spent));
        Assert.True(kernel.ListCores().Sum(static core => core.Throttled) > 0, "nobody ever waited");
    }
}

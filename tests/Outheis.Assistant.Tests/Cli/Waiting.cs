namespace Outheis.Assistant.Tests.Cli;

internal static class Waiting
{
    public static async Task Until(Func<bool> condition)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "waited 30 seconds in vain");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}

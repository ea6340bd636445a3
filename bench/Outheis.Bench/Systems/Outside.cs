namespace Outheis.Bench.Systems;

/// <summary>
/// Work of a round that is done outside of any agent: an asynchronous loop on the thread pool.
/// </summary>
internal static class Outside
{
    public static Action Loop(Round round, Func<Task> body) => () => _ = Task.Run(async () =>
    {
        try
        {
            await body();
        }
        catch (Exception failure)
        {
            round.Fail(failure);
            throw;
        }
    });
}

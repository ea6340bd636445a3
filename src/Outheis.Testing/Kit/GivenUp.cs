namespace Outheis.Testing;

/// <summary>The end of an ask that gets no answer.</summary>
internal static class GivenUp
{
    /// <summary>Done when the asker has given up, in good order: the agent that was asked goes on.</summary>
    /// <param name="cancellationToken">Of the turn that has the request.</param>
    public static async Task Told(CancellationToken cancellationToken)
    {
        var givenUp = new TaskCompletionSource();
        CancellationTokenRegistration told = cancellationToken.UnsafeRegister(
            static state => ((TaskCompletionSource)state!).SetResult(), givenUp);
        using (told)
        {
            await givenUp.Task.ConfigureAwait(true);
        }
    }
}

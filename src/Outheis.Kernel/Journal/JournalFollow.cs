using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>Reads what is there and then looks again and again, less often the longer nothing comes.</summary>
internal static class JournalFollow
{
    public static async IAsyncEnumerable<JournalEntry> Entries(
        JournalReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TimeSpan pause = JournalLimits.FollowPauseMin;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (reader.ReadEntry(cancellationToken) is { } entry)
            {
                yield return entry;
                cancellationToken.ThrowIfCancellationRequested();
                pause = JournalLimits.FollowPauseMin;
            }

            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < JournalLimits.FollowPauseMax ? pause * 2 : JournalLimits.FollowPauseMax;
        }
    }
}

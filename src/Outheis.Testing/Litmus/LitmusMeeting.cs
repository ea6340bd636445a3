using System.Runtime.InteropServices;

namespace Outheis.Testing;

/// <summary>
/// Where the actors of a litmus test wait for each other. No fence: an actor says with a release store that it is here
/// and looks for the others with acquire loads, so what it stores next may wait in the same store buffer.
/// </summary>
internal sealed class LitmusMeeting(int actors)
{
    private const int LooksBeforeYield = 20_000;      // some ten microseconds: longer than a process-wide fence

    private readonly Place[] _places = new Place[actors];
    private Exception? _failure;

    /// <summary>The first failure of an actor. It ends every meeting.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    public void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    /// <summary>Waits until the others are here as often as this actor. False when one of them failed.</summary>
    public bool Meet(int actor)
    {
        long step = _places[actor].Step + 1;
        Volatile.Write(ref _places[actor].Step, step);
        for (int other = 0; other < _places.Length; other++)
        {
            for (int looks = 0; Volatile.Read(ref _places[other].Step) < step; looks++)
            {
                if (looks < LooksBeforeYield)
                {
                    continue;
                }

                if (Failure is not null)
                {
                    return false;
                }

                Thread.Yield();
            }
        }

        return true;
    }

    /// <summary>How often an actor was here, alone on its cache lines.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Bytes)]
    private struct Place
    {
        [FieldOffset(CacheLine.Bytes)] public long Step;
    }
}

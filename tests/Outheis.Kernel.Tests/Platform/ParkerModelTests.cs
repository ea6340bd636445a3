using FsCheck.Xunit;

namespace Outheis.Tests;

/// <summary>The handshake on one thread against two flags. What threads can do to it is in <see cref="ParkerTests"/>.
/// </summary>
public sealed class ParkerModelTests
{
    public enum Verb
    {
        Announce,
        Wake,
        Cancel,
        Sleep,
    }

    [Property(MaxTest = 300, EndSize = 100)]
    public bool Parker_AnySteps_EqualsTwoFlags(Verb[] steps)
    {
        var parker = Parkers.New(static () => { });
        bool isDown = false;          // announced, and neither cancelled nor slept since
        bool isParked = false;        // the next wake is the one that counts
        foreach (Verb step in steps)
        {
            switch (step)
            {
                case Verb.Announce when !isDown:
                    parker.Announce();
                    isDown = isParked = true;
                    break;
                case Verb.Wake:
                    if (parker.Wake() != isParked)
                    {
                        return false;
                    }

                    isParked = false;
                    break;
                case Verb.Cancel when isDown:
                    parker.Cancel();      // hangs if a wake left no signal
                    isDown = isParked = false;
                    break;
                case Verb.Sleep when isDown:
                    parker.Sleep(TimeSpan.Zero);      // over at once: by its signal, or by time
                    isDown = isParked = false;
                    break;
            }
        }

        return parker.Wake() == isParked;
    }
}

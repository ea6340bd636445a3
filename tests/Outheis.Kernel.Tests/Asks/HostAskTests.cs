using Xunit;

namespace Outheis.Tests;

/// <summary>One ask of the host. What a whole ask does is in <see cref="AskTests"/>.</summary>
[Collection(OnThreads.Name)]
public sealed class HostAskTests
{
    /// <summary>Reply, timeout and cancellation may meet; one of them ends the ask (LW-45, INV-07).</summary>
    [Fact]
    public void Threads_TwoEndTheSameAsk_OneDoes()
    {
        const int Rounds = 50_000;
        var ask = new HostAsk<int>(new HostAsks(TimeProvider.System), 0);
        var meeting = new Rendezvous(2);
        int ended = 0;
        ThreadKernel.Together(() => End(begins: true), () => End(begins: false));
        Assert.Equal(Rounds, ended);

        void End(bool begins)
        {
            int mine = 0;
            var random = new Random(begins ? 1 : 2);
            for (uint round = 0; round < Rounds; round++)
            {
                if (begins)
                {
                    ask.Begin();
                }

                meeting.Meet(random);
                mine += ask.TryEnd((2 * round) + 1) ? 1 : 0;      // generations are odd while an ask waits
                meeting.Meet(random);
            }

            Interlocked.Add(ref ended, mine);
        }
    }

    [Fact]
    public void TryEnd_AtRestOrOfAnotherUse_IsRefused()
    {
        var ask = new HostAsk<int>(new HostAsks(TimeProvider.System), 0);
        Assert.False(ask.TryEnd(0));
        ask.Begin();
        Assert.False(ask.TryEnd(3));
        Assert.True(ask.TryEnd(1));
        Assert.False(ask.TryEnd(1));
    }
}

using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Pairs;

/// <summary>
/// The two rings. Message passing: what is published is whole (R3/A3, R5/A5). Its mirror image: a slot that counts as
/// free was emptied, so that the next message is not read in place of the last (R2/A2, R4/A4).
/// </summary>
public sealed class RingTests
{
    private const int Batch = 64;

    private static LitmusTest<TDesk> Publishing<TDesk>(string name, string pair)
        where TDesk : RingDesk, new() => new()
        {
            Name = name,
            Make = static () => new TDesk(),
            Reset = static desk =>
            {
                desk.Take();
                desk.Free();
                desk.Renew();
            },
            Actors = [static desk => desk.Send(), static desk => desk.Take()],
            Observe = static desk => desk.Seen,
            Outcomes =
            [
                Allowed("nothing", "not yet published"),
                Allowed("whole", "published, and all of it is there"),
                Forbidden("torn", $"a message was seen before it was whole: {pair}"),
            ],
        };

    private static LitmusTest<TDesk> Reusing<TDesk>(string name, string pair)
        where TDesk : RingDesk, new() => new()
        {
            Name = name,
            Make = static () => new TDesk(),
            Reset = static desk =>
            {
                do
                {
                    desk.Renew();
                    desk.Send();
                }
                while (desk.Sent);

                desk.Renew();
            },
            Actors = [Consume, static desk => desk.Send()],
            Observe = static desk => $"{desk.Seen}, {(desk.Sent ? "slot used again" : "no slot")}",
            Outcomes =
            [
                Allowed("whole, no slot", "not yet free"),
                Allowed("whole, slot used again", "emptied, then free"),
                Forbidden("torn, no slot", $"an earlier round's message was overwritten or lost: {pair}"),
                Forbidden("torn, slot used again", $"a slot was free before it was emptied: {pair}"),
            ],
        };

    [Fact]
    public void CoreRingPublish_AgainstPeek_ShowsAWholeMessage() =>
        Experiment.Expect(Publishing<CoreRingDesk>("CoreRing.Publish against Peek", "R3/A3"), Batch);

    [Fact]
    public void CoreRingFree_AgainstTryClaim_HandsOverAnEmptySlot() =>
        Experiment.Expect(Reusing<CoreRingDesk>("CoreRing.Free against TryClaim", "R2/A2"), Batch);

    [Fact]
    public void IngressPublish_AgainstPeek_ShowsAWholeMessage() =>
        Experiment.Expect(Publishing<IngressDesk>("Ingress.Publish against Peek", "R5/A5"), Batch);

    [Fact]
    public void IngressFree_AgainstTryClaim_HandsOverAnEmptySlot() =>
        Experiment.Expect(Reusing<IngressDesk>("Ingress.Free against TryClaim", "R4/A4"), Batch);

    /// <summary>The second producer may learn of the free slot from the first one's HeadSeen.</summary>
    [Fact]
    public void IngressFree_TwoProducers_HandsOverAnEmptySlot()
    {
        LitmusTest<IngressDesk> one = Reusing<IngressDesk>("Ingress.Free against two TryClaims", "R4/A4");
        Experiment.Expect(
            new LitmusTest<IngressDesk>
            {
                Name = one.Name,
                Make = one.Make,
                Reset = one.Reset,
                Actors =
                [
                    static desk =>
                    {
                        desk.Take();
                        Consume(desk);      // two slots, one for each
                    },
                    static desk => desk.Send(),
                    static desk => desk.Send(),
                ],
                Observe = one.Observe,
                Outcomes = one.Outcomes,
            },
            Batch);
    }

    private static void Consume(RingDesk desk)
    {
        desk.Take();
        desk.Free();
    }
}

using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

[Collection(OnThreads.Name)]
public sealed class DeadLettersTests
{
    private static readonly DeadLetterReason[] Reasons = Enum.GetValues<DeadLetterReason>();

    [Fact]
    public void Newest_NothingAdded_IsEmpty()
    {
        var letters = new DeadLetters();
        Assert.Empty(letters.Newest());
        Assert.Equal(0, letters.Total);
        Assert.All(Reasons, reason => Assert.Equal(0, letters.Count(reason)));
    }

    [Fact]
    public void Add_OneLetter_IsCountedForItsReasonAlone()
    {
        var letters = new DeadLetters();
        var letter = new DeadLetter(DeadLetterReason.LateReply, new AgentId(1), new AgentId(2), "Note", 3);
        letters.Add(in letter);
        Assert.Equal([letter], letters.Newest());
        Assert.All(Reasons, reason => Assert.Equal(
            reason == DeadLetterReason.LateReply ? 1 : 0, letters.Count(reason)));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(700)]
    public void Newest_MoreThanAreKept_IsTheLastOnesOldestFirst(int beyond)
    {
        var letters = new DeadLetters();
        int all = Limits.DeadLettersKept + beyond;
        for (int i = 0; i < all; i++)
        {
            letters.Add(Letter(0, i));
        }

        Assert.Equal(
            Enumerable.Range(beyond, Limits.DeadLettersKept),
            letters.Newest().Select(letter => (int)letter.Position));
        Assert.Equal((all, all), (letters.Total, letters.Count(Reasons[0])));
    }

    [Fact]
    public void Newest_MoreAreAddedLater_TheAnswerStays()
    {
        var letters = new DeadLetters();
        letters.Add(Letter(0, 1));
        IReadOnlyList<DeadLetter> before = letters.Newest();
        letters.Add(Letter(0, 2));
        Assert.Equal(1, Assert.Single(before).Position);
    }

    [Property(MaxTest = 50, StartSize = 100, EndSize = 900)]
    public bool DeadLetters_AnyLetters_EqualsAListOfAll(byte[] reasons)
    {
        var letters = new DeadLetters();
        List<DeadLetter> model = [];
        foreach (byte reason in reasons)
        {
            DeadLetter letter = Letter(reason % Reasons.Length, model.Count);
            letters.Add(in letter);
            model.Add(letter);
        }

        return letters.Total == model.Count
            && letters.Newest().SequenceEqual(model.TakeLast(Limits.DeadLettersKept))
            && Reasons.All(reason => letters.Count(reason) == model.Count(letter => letter.Reason == reason));
    }

    [Fact]
    public void Threads_AddAndRead_EachIsCountedAndKeptInOrderOfItsThread()
    {
        const int Threads = 3, Each = 50_000;
        var letters = new DeadLetters();
        int adding = Threads;
        using var start = new Barrier(Threads + 1);
        Action[] adders = [.. Enumerable.Range(0, Threads).Select(thread => (Action)(() =>
        {
            Assert.True(start.SignalAndWait(ThreadKernel.Patience));
            for (int i = 0; i < Each; i++)
            {
                letters.Add(Letter(thread, i));
            }

            Interlocked.Decrement(ref adding);
        }))];
        ThreadKernel.Together([.. adders, () =>
        {
            Assert.True(start.SignalAndWait(ThreadKernel.Patience));
            while (Volatile.Read(ref adding) > 0)
            {
                AssertOrdered(letters.Newest());
                Thread.Yield();
            }
        }]);
        Assert.Equal(Threads * Each, letters.Total);
        Assert.All(Reasons[..Threads], reason => Assert.Equal(Each, letters.Count(reason)));
        Assert.Equal(Limits.DeadLettersKept, letters.Newest().Count);
        AssertOrdered(letters.Newest());
    }

    private static void AssertOrdered(IReadOnlyList<DeadLetter> letters)
    {
        long[] last = [.. Enumerable.Repeat(-1L, Reasons.Length)];
        foreach (DeadLetter letter in letters)
        {
            Assert.True(letter.Position > last[(int)letter.Reason], "out of order");
            last[(int)letter.Reason] = letter.Position;
        }
    }

    private static DeadLetter Letter(int reason, long position) =>
        new(Reasons[reason], new AgentId(1), new AgentId(2), "Note", position);
}

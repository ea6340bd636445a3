using FsCheck.Xunit;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>What <see cref="CellTests"/> does not ask of carriage: boxes that come and go.</summary>
[Collection(OnThreads.Name)]
public sealed class CarriageTests
{
    private record struct Alone(long Number, object? Object);      // boxed, and used by one test only

    private record struct Empty;

    [Fact]
    public void IsRaw_ByType_SaysWhetherTheBytesAreTheWholeContent()
    {
        Assert.True(Carriage<int>.IsRaw && Carriage<WideMessage>.IsRaw);
        Assert.True(Carriage<BoxedMessage>.IsRaw && Carriage<Longest>.IsRaw);
        Assert.False(Carriage<NamedMessage>.IsRaw || Carriage<string>.IsRaw || Carriage<SharedMessage>.IsRaw);
    }

    [Fact]
    public void InlineBytes_StructWithoutFields_IsOne() => Assert.Equal(1, Carriage<Empty>.InlineBytes);

    [Fact]
    public void Wrap_AfterRelease_UsesTheBoxAgain()
    {
        object box = Carriage<Alone>.Wrap(new Alone(1, "first"));
        Carriage<Alone>.Release(box);
        object again = Carriage<Alone>.Wrap(new Alone(2, null));
        Assert.Same(box, again);
        Assert.Equal(new Alone(2, null), Carriage<Alone>.Unwrap(ref again));
    }

    [Fact]
    public void Release_AnObject_LeavesItAlone()
    {
        var letter = new SharedMessage(5);
        Carriage<SharedMessage>.Release(letter);
        Assert.NotSame(letter, Carriage<SharedMessage>.Wrap(new SharedMessage(6)));
        Assert.Equal(5, letter.Number);
    }

    [Fact]
    public void Unwrap_Longest_KeepsBothEnds()
    {
        object box = Carriage<Longest>.Wrap(new Longest { First = 1, Last = 2 });
        ref Longest content = ref Carriage<Longest>.Unwrap(ref box);
        Assert.Equal((1, 2), (content.First, content.Last));
        Carriage<Longest>.Release(box);
    }

    [Property(MaxTest = 100, EndSize = 300)]
    public bool Carriage_AnySteps_NoTwoUnderWayShareABox((bool Wrap, byte Which)[] steps)
    {
        List<(object Box, BoxedMessage Content)> model = [];
        long next = 0;
        foreach ((bool wrap, byte which) in steps)
        {
            if (wrap || model.Count == 0)
            {
                var content = new BoxedMessage(++next, 2, 3, 4, 5, 6, -next);
                model.Add((Carriage<BoxedMessage>.Wrap(in content), content));
                continue;
            }

            int index = which % model.Count;
            (object box, BoxedMessage expected) = model[index];
            if (Carriage<BoxedMessage>.Unwrap(ref box) != expected)
            {
                return false;
            }

            Carriage<BoxedMessage>.Release(box);
            model.RemoveAt(index);
        }

        return model.All(one =>
        {
            object box = one.Box;
            return Carriage<BoxedMessage>.Unwrap(ref box) == one.Content;
        });
    }

    [Fact]
    public void Threads_WrapAndRelease_NobodySeesAnothersMessage()
    {
        ThreadKernel.Together([.. Enumerable.Range(1, 3).Select(thread => (Action)(() =>
        {
            object[] boxes = new object[8];
            for (int i = 0; i < 20_000; i++)
            {
                boxes[i % 8] = Carriage<NamedMessage>.Wrap(new NamedMessage(i * thread, "mine"));
                if (i % 8 == 7)
                {
                    for (int j = 0; j < 8; j++)
                    {
                        Assert.Equal((i - 7 + j) * thread, Carriage<NamedMessage>.Unwrap(ref boxes[j]).Number);
                        Carriage<NamedMessage>.Release(boxes[j]);
                    }
                }
            }
        }))]);
    }
}

using System.Runtime.CompilerServices;
using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

[Collection(OnThreads.Name)]
public sealed class IdTableTests
{
    private const int Page = IdTable<object>.PageIds;
    private const uint PagesMost = (1u << 22) - 1;       // ids have 32 bits; the last id is nobody's
    private const int Cores = 2;

    private static readonly int?[] Owners = [0, 1, null];

    private readonly IdTable<object> _table = new(Cores);

    [Fact]
    public void Find_NobodyThere_IsNull()
    {
        Assert.Null(_table.Find(0));
        Assert.Null(_table.Find(1));
        Assert.Null(_table.Find(16 * Page));
        Assert.Null(_table.Find(uint.MaxValue));
        Assert.False(_table.HasHandedOut(0));
        Assert.False(_table.HasHandedOut(1));
        Assert.False(_table.HasHandedOut(uint.MaxValue));
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void Next_First_HasTheIdOneAndIsFound()
    {
        (uint id, object first) = Add(_table, null);
        Assert.Equal(1u, id);
        Assert.Same(first, _table.Find(1));
        Assert.Null(_table.Find(0));      // nobody's, or the host's
        Assert.Null(_table.Find(2));
        Assert.True(_table.HasHandedOut(1));
        Assert.False(_table.HasHandedOut(0));
        Assert.False(_table.HasHandedOut(2));
    }

    [Fact]
    public void Next_OfTwoCoresAndOthers_ComesFromAPageOfEach()
    {
        uint[] ids = [.. Owners.Concat(Owners).Select(owner => Add(_table, owner).Id)];
        Assert.Equal([1, Page, 2 * Page, 2, Page + 1, (2 * Page) + 1], ids.Select(id => (int)id));
    }

    [Fact]
    public void Next_NothingIsPut_NobodyIsThereAndTheNextHasAnotherId()
    {
        Add(_table, null);
        Assert.Equal(2u, _table.Next(null).Id);
        Assert.Null(_table.Find(2));
        Assert.Equal(3u, Add(_table, null).Id);
        Assert.Equal(2, _table.Count);
    }

    [Fact]
    public void Remove_Twice_CountsOnceAndItsIdStaysUnused()
    {
        object first = Add(_table, null).Value;
        Add(_table, null);
        _table.Remove(2);
        _table.Remove(2);
        Assert.Equal(1, _table.Count);
        Assert.Null(_table.Find(2));
        Assert.True(_table.HasHandedOut(2));
        Assert.Same(first, _table.Find(1));
        Assert.Equal(3u, Add(_table, null).Id);
    }

    [Fact]
    public void Remove_AllOfAPage_ForgetsThatPageAndNoOther()
    {
        for (int i = 0; i < 3 * Page; i++)      // the first has an id less
        {
            Add(_table, 1);
        }

        for (uint id = 2 * Page; id > Page; id--)
        {
            _table.Remove(id);
            Assert.NotNull(PagesOf(_table)[1]);
        }

        _table.Remove(Page);
        Assert.Null(PagesOf(_table)[1]);
        Assert.Null(_table.Find(Page + 5));
        Assert.True(_table.HasHandedOut(Page + 5));
        Assert.NotNull(_table.Find(Page - 1));
        Assert.NotNull(_table.Find((2 * Page) + 1));
        for (uint id = 0; id < Page; id++)
        {
            _table.Remove(id);
        }

        Assert.Null(PagesOf(_table)[0]);
        Assert.Equal(4u * Page, Add(_table, 0).Id);      // Page 3 is open still
    }

    /// <summary>An id comes again only when all of its page are gone and all other pages were handed out.</summary>
    [Fact]
    public void Next_AllPagesWereHandedOut_BeginsAgainWithThoseThatAreFree()
    {
        object living = Add(_table, 0).Value;
        IdTable<object>.Page?[] pages = new IdTable<object>.Page?[PagesMost];
        pages[0] = PagesOf(_table)[0];
        (PagesOf(_table), NextPageOf(_table)) = (pages, PagesMost - 1);
        Assert.Equal((PagesMost - 1) * Page, Add(_table, null).Id);
        Assert.Equal((uint)Page, Add(_table, 1).Id);
        Assert.Same(living, _table.Find(1));
        Assert.Equal(3, _table.Count);
        for (int i = 1; i < Page; i++)
        {
            Assert.NotEqual(AgentId.OfEarlierRun.Value, Add(_table, null).Id);
        }

        Assert.Equal(2u * Page, Add(_table, null).Id);
    }

    [Fact]
    public void Next_OneOfEachPageIsAlive_ThrowsAndSaysSo()
    {
        Add(_table, 0);
        IdTable<object>.Page?[] pages = new IdTable<object>.Page?[PagesMost];
        Array.Fill(pages, PagesOf(_table)[0]);
        PagesOf(_table) = pages;
        Assert.Contains("no ids", Assert.Throws<InvalidOperationException>(() => _table.Next(1)).Message);
        Assert.Equal(2u, _table.Next(0).Id);      // of a page that was there
    }

    [Property(MaxTest = 60, EndSize = 60)]
    public bool IdTable_AnySteps_EqualsADictionary((byte Owner, ushort What, bool Adds)[] steps)
    {
        var table = new IdTable<object>(Cores);
        var model = new SortedDictionary<uint, object>();
        uint[] next = new uint[Owners.Length];
        uint pages = 0;
        foreach ((byte owner, ushort what, bool adds) in steps)
        {
            int who = owner % Owners.Length;
            for (int i = what % (Page / 2); i >= 0; i--)
            {
                if (adds)
                {
                    if (next[who] % Page == 0)      // none yet, or all of its page
                    {
                        next[who] = pages++ * Page;
                        next[who] += next[who] == 0 ? 1u : 0;
                    }

                    (uint id, object value) = Add(table, Owners[who]);
                    if (id != next[who]++)
                    {
                        return false;
                    }

                    model.Add(id, value);
                }
                else
                {
                    uint gone = (uint)((what + (i * 7)) % ((pages * Page) + 2));      // alive, gone or never used
                    table.Remove(gone);
                    model.Remove(gone);
                }
            }

            if (table.Count != model.Count || !table.Snapshot().SequenceEqual(model.Values))
            {
                return false;
            }
        }

        return Enumerable.Range(0, (int)((pages + 1) * Page)).All(id =>
            ReferenceEquals(table.Find((uint)id), model.GetValueOrDefault((uint)id)));
    }

    [Fact]
    public void Threads_AddWhileOthersFind_WhatWasAddedIsFound()
    {
        const int Added = (17 * Page) + 100;      // the directory gets longer twice
        int added = 0;
        Action finder = () =>
        {
            var random = new Random(1);
            int known;
            while ((known = Volatile.Read(ref added)) < Added)
            {
                uint id = known == 0 ? 0 : random.Next(2) == 0 ? (uint)known : (uint)random.Next(known) + 1;
                Assert.True(id == 0 || (uint?)_table.Find(id) == id, $"{id} of {known}");
            }
        };
        ThreadKernel.Together(finder, finder, () =>
        {
            for (int i = 1; i <= Added; i++)
            {
                IdTable<object>.Place place = _table.Next(0);
                place.Put(place.Id);
                Volatile.Write(ref added, i);
            }
        });
    }

    [Fact]
    public void Threads_EachAddsAndRemoves_NoIdTwiceAndNoPageIsKept()
    {
        const int Lives = 300_000;
        Action[] makers = [.. Owners.Append(null).Select(owner => (Action)(() =>
        {
            var young = new Queue<uint>();
            for (int i = 0; i < Lives; i++)
            {
                (uint id, object value) = Add(_table, owner);
                Assert.Same(value, _table.Find(id));
                young.Enqueue(id);
                if (young.Count > 100)
                {
                    _table.Remove(young.Dequeue());
                }
            }

            while (young.TryDequeue(out uint last))
            {
                _table.Remove(last);
            }
        }))];
        ThreadKernel.Together(makers);
        Assert.Equal(0, _table.Count);
        Assert.InRange(PagesOf(_table).Count(static page => page is not null), 1, Owners.Length);
        Assert.Equal((uint)Math.Ceiling(Lives * 4.0 / Page), NextPageOf(_table), 3u);
    }

    /// <summary>R30/A30. The table is as large as if a billion had been there, so that filling its longer list of
    /// pages takes far longer than a look.</summary>
    [Fact]
    public void Threads_TheTableGrowsWhileOthersFind_NobodyIsMissing()
    {
        const uint Pages = 1 << 20;
        const int Rounds = 10;
        for (int round = 0; round < Rounds; round++)
        {
            var table = new IdTable<object>(Cores);
            var last = new IdTable<object>.Page(Pages - 1);
            last.Entries[Page - 1].Value = table;
            PagesOf(table) = new IdTable<object>.Page?[Pages];
            PagesOf(table)[Pages - 1] = last;
            NextPageOf(table) = Pages;
            int looks = 0, misses = 0;
            bool isLonger = false;
            ThreadKernel.Together(
                () =>
                {
                    ThreadKernel.Until(() => Volatile.Read(ref looks) > 0, "the first look");
                    table.Next(null).Put(last);
                    Volatile.Write(ref isLonger, true);
                },
                () =>
                {
                    while (!Volatile.Read(ref isLonger))
                    {
                        misses += table.Find((Pages * Page) - 1) is null ? 1 : 0;
                        Volatile.Write(ref looks, 1);
                    }
                });
            Assert.Equal(0, misses);
            Assert.Same(last, table.Find(Pages * Page));
        }
    }

    private static ref IdTable<object>.Page?[] PagesOf(IdTable<object> table) => ref Inside<object>.Pages(table);

    private static ref uint NextPageOf(IdTable<object> table) => ref Inside<object>.NextPage(table);

    private static (uint Id, object Value) Add(IdTable<object> table, int? owner)
    {
        IdTable<object>.Place place = table.Next(owner);
        object value = new();
        place.Put(value);
        return (place.Id, value);
    }

    // An accessor has to be as generic as what it reaches into.
    private static class Inside<T>
        where T : class
    {
        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_pages")]
        public static extern ref IdTable<T>.Page?[] Pages(IdTable<T> table);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_nextPage")]
        public static extern ref uint NextPage(IdTable<T> table);
    }
}

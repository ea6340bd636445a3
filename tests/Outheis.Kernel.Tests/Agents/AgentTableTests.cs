using System.Runtime.CompilerServices;
using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

[Collection(OnThreads.Name)]
public sealed class AgentTableTests
{
    private const int Page = 4096;                      // agents of a page
    private const int BeyondFirstPages = 16 * Page;     // the table grows here

    private readonly AgentTable _table = new();

    [Fact]
    public void Find_NobodyThere_IsNull()
    {
        Assert.Null(_table.Find(0));
        Assert.Null(_table.Find(1));
        Assert.Null(_table.Find(BeyondFirstPages));
        Assert.Null(_table.Find(uint.MaxValue));
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void Add_First_HasTheIdOneAndIsFound()
    {
        AgentCell first = Add(_table);
        Assert.Equal(1u, first.Id.Value);
        Assert.Same(first, _table.Find(1));
        Assert.Null(_table.Find(0));      // the host's id finds nobody
        Assert.Null(_table.Find(2));
    }

    [Fact]
    public void Add_CreateThrows_NobodyIsThereAndTheNextHasAnotherId()
    {
        Add(_table);
        Assert.Throws<InvalidOperationException>(
            () => _table.Add(0, static (_, _) => throw new InvalidOperationException()));
        Assert.Equal(1, _table.Count);
        Assert.Null(_table.Find(2));
        Assert.Equal(3u, Add(_table).Id.Value);
        Assert.Equal([1u, 3u], _table.Snapshot().Select(agent => agent.Id.Value));
    }

    [Fact]
    public void Remove_Twice_CountsOnceAndItsIdStaysUnused()
    {
        AgentCell first = Add(_table);
        AgentCell second = Add(_table);
        _table.Remove(second.Id.Value);
        _table.Remove(second.Id.Value);
        Assert.Equal(1, _table.Count);
        Assert.Null(_table.Find(second.Id.Value));
        Assert.Same(first, _table.Find(first.Id.Value));
        Assert.Equal(3u, Add(_table).Id.Value);
    }

    [Fact]
    public void Add_BeyondTheFirstPages_EveryAgentIsStillFound()
    {
        AgentCell[] agents = new AgentCell[BeyondFirstPages + Page];
        AgentCell shared = Cells.Agent();
        for (int i = 0; i < agents.Length; i++)
        {
            agents[i] = i % 1000 == 0 ? Add(_table) : _table.Add(shared, static (agent, _) => agent);
        }

        for (int i = 0; i < agents.Length; i++)
        {
            Assert.True(ReferenceEquals(agents[i], _table.Find((uint)i + 1)), $"agent {i + 1}");
        }

        Assert.Equal(agents.Length, _table.Count);
        Assert.Equal(agents, _table.Snapshot());
    }

    [Property(MaxTest = 100, EndSize = 400)]
    public bool AgentTable_AnySteps_EqualsADictionary((bool Add, ushort Id)[] steps)
    {
        var table = new AgentTable();
        var model = new SortedDictionary<uint, AgentCell>();
        uint last = 0;
        foreach ((bool add, ushort id) in steps)
        {
            if (add)
            {
                AgentCell agent = Add(table);
                if (agent.Id.Value != ++last)
                {
                    return false;
                }

                model.Add(last, agent);
            }
            else
            {
                uint gone = id % (last + 2);      // alive, gone, the host's or never used
                table.Remove(gone);
                model.Remove(gone);
            }

            if (table.Count != model.Count || !table.Snapshot().SequenceEqual(model.Values))
            {
                return false;
            }
        }

        return Enumerable.Range(0, (int)last + 2).All(id =>
            ReferenceEquals(table.Find((uint)id), model.GetValueOrDefault((uint)id)));
    }

    [Fact]
    public void Threads_AddWhileOthersFind_WhatWasAddedIsFound()
    {
        int added = 0;
        Action finder = () =>
        {
            var random = new Random(1);
            int known;
            while ((known = Volatile.Read(ref added)) < BeyondFirstPages + 100)
            {
                uint id = known == 0 ? 0 : random.Next(2) == 0 ? (uint)known : (uint)random.Next(known) + 1;
                Assert.True(id == 0 || _table.Find(id)?.Id.Value == id, $"agent {id} of {known}");
            }
        };
        ThreadKernel.Together(finder, finder, () =>
        {
            for (int i = 1; i <= BeyondFirstPages + 100; i++)
            {
                Add(_table);
                Volatile.Write(ref added, i);
            }
        });
    }

    /// <summary>R30/A30. The table is as large as if a billion agents had been there, so that filling its longer
    /// list of pages takes far longer than a look.</summary>
    [Fact]
    public void Threads_TheTableGrowsWhileOthersFind_NobodyIsMissing()
    {
        const int Pages = 1 << 18, Rounds = 10;
        for (int round = 0; round < Rounds; round++)
        {
            var table = new AgentTable();
            AgentCell agent = Cells.Agent();
            const uint Last = ((uint)Pages * Page) - 1;
            PagesOf(table) = new AgentCell?[]?[Pages];
            (PagesOf(table)[Pages - 1] = new AgentCell?[Page])[Page - 1] = agent;
            LastIdOf(table) = Last;
            int looks = 0, misses = 0;
            bool isLonger = false;
            ThreadKernel.Together(
                () =>
                {
                    ThreadKernel.Until(() => Volatile.Read(ref looks) > 0, "the first look");
                    table.Add(agent, static (agent, _) => agent);
                    Volatile.Write(ref isLonger, true);
                },
                () =>
                {
                    while (!Volatile.Read(ref isLonger))
                    {
                        misses += table.Find(Last) is null ? 1 : 0;
                        Volatile.Write(ref looks, 1);
                    }
                });
            Assert.Equal(0, misses);
            Assert.Same(agent, table.Find(Last + 1));
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_pages")]
    private static extern ref AgentCell?[]?[] PagesOf(AgentTable table);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_lastId")]
    private static extern ref uint LastIdOf(AgentTable table);

    private static AgentCell Add(AgentTable table) => table.Add(
        0, static (_, id) => new AgentCell(null!, null, id, null, null, null, Qos.Default, 16));
}

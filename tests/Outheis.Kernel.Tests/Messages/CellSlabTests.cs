using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>
/// What <see cref="CellTests"/> does not ask of the cells: any order of returns, blocks, references.
/// </summary>
public sealed unsafe class CellSlabTests
{
    private const long BlockBytes = Limits.SlabCells * Limits.CellBytes;

    private readonly record struct Rented(nint Cell, ulong Stamp, object? Reference);

    [Fact]
    public void Rent_First_IsClear()
    {
        using var cells = new CellSlab();
        Message* cell = cells.Rent();
        Assert.False(new Span<byte>(cell, Limits.CellBytes)[sizeof(long)..].ContainsAnyExcept((byte)0));
        Assert.Equal(1, cells.InUse);
    }

    [Fact]
    public void Rent_SeveralBlocks_NeverTheCellThatHoldsTheBlocksNumber()
    {
        using var cells = new CellSlab();
        var blocks = new HashSet<nint>();
        for (int i = 0; i < 3 * (Limits.SlabCells - 1); i++)
        {
            var cell = (nint)cells.Rent();
            blocks.Add(cell & ~(nint)(BlockBytes - 1));
            Assert.NotEqual(0, cell & (nint)(BlockBytes - 1));
        }

        Assert.Equal(3, blocks.Count);
    }

    [Fact]
    public void Return_AllOfSeveralBlocks_NoBlockIsMadeAgain()
    {
        using var cells = new CellSlab();
        nint[] first = RentAll(cells);
        foreach (nint cell in first)
        {
            cells.Return((Message*)cell);
        }

        Assert.Equal(0, cells.InUse);
        Assert.Equal(first.Order(), RentAll(cells).Order());

        static nint[] RentAll(CellSlab cells)
        {
            nint[] rented = new nint[4 * (Limits.SlabCells - 1)];
            for (int i = 0; i < rented.Length; i++)
            {
                rented[i] = (nint)cells.Rent();
            }

            return rented;
        }
    }

    /// <summary>
    /// Cells go back in any order; nobody's cell or reference changes by what happens to another's.
    /// </summary>
    [Property(MaxTest = 60, StartSize = 50, EndSize = 500)]
    public bool CellSlab_AnyOrderOfReturns_EveryCellIsItsHoldersAlone((bool Rent, ushort Which)[] steps)
    {
        using var cells = new CellSlab();
        var model = new List<Rented>();
        ulong stamp = 0;
        foreach ((bool rent, ushort which) in steps)
        {
            int times = 1 + which % 37;
            for (int i = 0; i < times; i++)
            {
                if (rent)
                {
                    model.Add(Rent(cells, ++stamp));
                }
                else if (model.Count > 0)
                {
                    int index = (which + i * 7) % model.Count;
                    if (!ReturnIsIntact(cells, model[index]))
                    {
                        return false;
                    }

                    model[index] = model[^1];
                    model.RemoveAt(model.Count - 1);
                }
            }

            if (cells.InUse != model.Count)
            {
                return false;
            }
        }

        return model.All(rented => ReturnIsIntact(cells, rented)) && cells.InUse == 0;
    }

    private static Rented Rent(CellSlab cells, ulong stamp)
    {
        Message* cell = cells.Rent();
        object? reference = stamp % 3 == 0 ? new object() : null;
        (cell->Badge, cell->Labels) = (stamp, ~stamp);
        if (reference is not null)
        {
            cells.PutReference(cell, reference);
        }

        return new Rented((nint)cell, stamp, reference);
    }

    private static bool ReturnIsIntact(CellSlab cells, Rented rented)
    {
        var cell = (Message*)rented.Cell;
        bool intact = cell->Badge == rented.Stamp && cell->Labels == ~rented.Stamp
            && (rented.Reference is null || ReferenceEquals(cells.TakeReference(cell), rented.Reference));
        cells.Return(cell);
        return intact;
    }
}

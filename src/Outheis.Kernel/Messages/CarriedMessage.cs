namespace Outheis;

/// <summary>A message between two cores' slabs, outside both: with the object that travels beside it.</summary>
internal unsafe struct CarriedMessage
{
    public Message Message;
    private object? _beside;

    /// <summary>Takes a message out of a core's cell, which is free then.</summary>
    public static CarriedMessage Take(CellSlab cells, Message* cell)
    {
        CarriedMessage carried = default;
        carried._beside = cell->Has(MessageFlags.Reference) ? cells.TakeReference(cell) : null;
        Message.CopyBody(cell, &carried.Message);
        cells.Return(cell);
        return carried;
    }

    /// <summary>Puts it into a cell of another one's.</summary>
    public readonly Message* Put(CellSlab cells)
    {
        Message* cell = cells.Rent();
        fixed (Message* from = &Message)
        {
            Message.CopyBody(from, cell);
        }

        if (cell->Has(MessageFlags.Reference))
        {
            cells.PutReference(cell, _beside);
        }

        return cell;
    }
}

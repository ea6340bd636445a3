namespace Outheis.Testing;

/// <summary>
/// The bytes of one file, twice: as processes see them, in memory that can be mapped, and as the device has them.
/// </summary>
/// <remarks>
/// A page is dirty while it differs from what the system last tried to write. After a failed sync that is not what the
/// device has: such a page is clean and lost until somebody changes it again (ES-44).
/// The memory is a pinned array: it lives as long as a mapping of it is held, whatever became of the file.
/// </remarks>
internal sealed unsafe class DiskContent
{
    public const int PageBytes = 4096;
    public const int SectorBytes = 512;

    private readonly byte[] _memory;
    private readonly int _start;                                 // of the first page in _memory
    private readonly byte[] _device;
    private readonly Dictionary<int, byte[]> _dropped = [];      // page: what a failed sync took for written
    private readonly bool _allocated;                            // blocks of zeros first, bytes later
    private bool _lengthOnDevice;                                // until then a power cut may leave an empty file

    /// <summary>A file of zeros with all its blocks; or one that gets its blocks with its bytes, as ordinary writing
    /// does: its length is on the device when the bytes are.</summary>
    public DiskContent(int bytes, bool allocated)
    {
        Bytes = bytes;
        _allocated = allocated;
        _memory = GC.AllocateArray<byte>(bytes + PageBytes, pinned: true);
        fixed (byte* first = _memory)
        {
            _start = (int)(-(nint)first & (PageBytes - 1));
        }

        _device = new byte[bytes];
    }

    public int Bytes { get; }

    public Span<byte> Memory => _memory.AsSpan(_start, Bytes);

    /// <summary>Valid while this object is held.</summary>
    public byte* Pointer
    {
        get
        {
            fixed (byte* first = _memory)
            {
                return first + _start;
            }
        }
    }

    private int Pages => (Bytes + PageBytes - 1) / PageBytes;

    /// <summary>Everything reaches the device. Returns how many bytes had to.</summary>
    public int Sync()
    {
        int written = 0;
        for (int page = 0; page < Pages; page++)
        {
            if (IsDirty(page))
            {
                WriteSectors(page, ~0);
                written += PageOf(Memory, page).Length;
            }
        }

        _lengthOnDevice = true;
        return written;
    }

    /// <summary>A sync that fails: nothing reaches the device, and all of it counts as clean from here.</summary>
    public void DropDirty()
    {
        for (int page = 0; page < Pages; page++)
        {
            if (IsDirty(page))
            {
                _dropped[page] = PageOf(Memory, page).ToArray();
            }
        }
    }

    /// <summary>Some dirty pages reach the device, some not; when the power fails some only in part: a sector is whole
    /// or not there.</summary>
    public void WriteBack(Choices choices, bool powerFails)
    {
        if (!_lengthOnDevice && choices.Draw(2) != 0)
        {
            return;
        }

        if (!_allocated && !_lengthOnDevice)
        {
            Sync();
        }

        _lengthOnDevice = true;
        for (int page = 0; page < Pages; page++)
        {
            if (IsDirty(page))
            {
                int fate = choices.Draw(powerFails ? 3 : 2);      // whole, not at all, torn
                WriteSectors(page, fate == 0 ? ~0 : fate == 1 ? 0 : choices.Draw(1 << (PageBytes / SectorBytes)));
            }
        }
    }

    public DiskContent Clone()
    {
        var clone = new DiskContent(Bytes, _allocated) { _lengthOnDevice = _lengthOnDevice };
        Memory.CopyTo(clone.Memory);
        _device.CopyTo(clone._device, 0);
        foreach ((int page, byte[] content) in _dropped)
        {
            clone._dropped.Add(page, content);
        }

        return clone;
    }

    /// <summary>What the device has, as the next boot finds it.</summary>
    public DiskContent OnDevice()
    {
        var found = new DiskContent(_lengthOnDevice ? Bytes : 0, _allocated) { _lengthOnDevice = true };
        _device.AsSpan(0, found.Bytes).CopyTo(found.Memory);
        _device.AsSpan(0, found.Bytes).CopyTo(found._device);
        return found;
    }

    private bool IsDirty(int page)
    {
        ReadOnlySpan<byte> clean = _dropped.Count > 0 && _dropped.TryGetValue(page, out byte[]? dropped)
            ? dropped
            : PageOf(_device, page);
        return !clean.SequenceEqual(PageOf(Memory, page));
    }

    // Bit n stands for sector n of the page.
    private void WriteSectors(int page, int sectors)
    {
        Span<byte> from = PageOf(Memory, page), to = PageOf(_device, page);
        for (int offset = 0; offset < from.Length; offset += SectorBytes)
        {
            if ((sectors >> (offset / SectorBytes) & 1) != 0)
            {
                int bytes = Math.Min(SectorBytes, from.Length - offset);
                from.Slice(offset, bytes).CopyTo(to.Slice(offset, bytes));
            }
        }

        if (sectors == ~0)
        {
            _dropped.Remove(page);
        }
    }

    private static Span<byte> PageOf(Span<byte> bytes, int page) =>
        bytes.Slice(page * PageBytes, Math.Min(PageBytes, bytes.Length - (page * PageBytes)));
}

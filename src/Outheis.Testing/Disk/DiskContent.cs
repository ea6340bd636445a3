namespace Outheis.Testing;

/// <summary>
/// The bytes of one file, twice: as processes see them, in memory that can be mapped, and as the device has them. Until
/// somebody maps the file both are one.
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

    private readonly bool _allocated;                   // blocks of zeros first, bytes later
    private byte[]? _memory;
    private int _start;                                 // of the first page in _memory
    private byte[] _device;
    private bool _deviceIsShared;                       // with clones: copied before it is written
    private Dictionary<int, byte[]>? _dropped;          // page: what a failed sync took for written
    private bool _lengthOnDevice;                       // until then a power cut may leave an empty file

    /// <summary>A file of zeros with all its blocks; or one that gets its blocks with its bytes, as ordinary writing
    /// does: its length is on the device when the bytes are.</summary>
    public DiskContent(int bytes, bool allocated)
    {
        _allocated = allocated;
        _device = new byte[bytes];
    }

    public int Bytes => _device.Length;

    public ReadOnlySpan<byte> Seen => _memory is { } memory ? memory.AsSpan(_start, Bytes) : _device;

    public Span<byte> Memory
    {
        get
        {
            if (_memory is null)
            {
                Allocate(_device);
            }

            return _memory.AsSpan(_start, Bytes);
        }
    }

    /// <summary>Of the memory; valid while this object is held.</summary>
    public byte* Pointer
    {
        get
        {
            fixed (byte* first = Memory)
            {
                return first;
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
                written += PageOf(Seen, page).Length;
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
                _dropped ??= [];
                _dropped[page] = PageOf(Seen, page).ToArray();
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

        if (!_lengthOnDevice && !_allocated)
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
        DiskContent clone = Share();
        clone._memory = null;
        if (_memory is not null)
        {
            clone.Allocate(Seen);
        }

        return clone;
    }

    /// <summary>What the next boot finds after a power failure; without choices what is durable alone.</summary>
    public DiskContent CutPower(Choices? choices)
    {
        DiskContent found = Share();
        if (choices is not null)
        {
            found.WriteBack(choices, powerFails: true);
        }

        found._memory = null;
        found._dropped = null;
        return found._lengthOnDevice ? found : new DiskContent(0, _allocated) { _lengthOnDevice = true };
    }

    private DiskContent Share()
    {
        _deviceIsShared = true;
        var copy = (DiskContent)MemberwiseClone();
        copy._dropped = _dropped is null ? null : new Dictionary<int, byte[]>(_dropped);
        return copy;
    }

    private void Allocate(ReadOnlySpan<byte> content)
    {
        byte[] memory = GC.AllocateUninitializedArray<byte>(Bytes + PageBytes, pinned: true);
        fixed (byte* first = memory)
        {
            _start = (int)(-(nint)first & (PageBytes - 1));
        }

        content.CopyTo(memory.AsSpan(_start));
        _memory = memory;
    }

    private bool IsDirty(int page)
    {
        ReadOnlySpan<byte> clean = _dropped?.GetValueOrDefault(page) ?? PageOf(_device, page);
        return _memory is not null && !clean.SequenceEqual(PageOf(Seen, page));
    }

    // Bit n stands for sector n of the page.
    private void WriteSectors(int page, int sectors)
    {
        _device = _deviceIsShared && sectors != 0 ? [.. _device] : _device;
        _deviceIsShared &= sectors == 0;
        ReadOnlySpan<byte> from = PageOf(Seen, page);
        for (int offset = 0; offset < from.Length; offset += SectorBytes)
        {
            if ((sectors >> (offset / SectorBytes) & 1) != 0)
            {
                int bytes = Math.Min(SectorBytes, from.Length - offset);
                from.Slice(offset, bytes).CopyTo(_device.AsSpan((page * PageBytes) + offset));
            }
        }

        if (sectors == ~0)
        {
            _dropped?.Remove(page);
        }
    }

    private static ReadOnlySpan<byte> PageOf(ReadOnlySpan<byte> bytes, int page) =>
        bytes.Slice(page * PageBytes, Math.Min(PageBytes, bytes.Length - (page * PageBytes)));
}

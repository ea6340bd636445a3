namespace Outheis;

/// <summary>
/// What a kernel finds by a number: a directory of pages. Each core has a page of ids that only it hands out, so cores
/// that make much meet once in a page (LW-01); all other threads share one more, and take a lock. A page whose ids have
/// all been handed out and given back is forgotten, but for its place in the directory; after the last page those that
/// are forgotten come again. One that lives keeps its page. Any thread finds and removes.
/// </summary>
/// <remarks>Cost of a new id: a store, on a page of its own. Of a removal: an interlocked operation there.</remarks>
internal class IdTable<T>
    where T : class
{
    public const int PageIds = Limits.IdsPerPage;
    private const int PageMask = PageIds - 1;
    private const uint PagesMost = (uint)((1L << 32) / PageIds) - 1;      // the last id is AgentId.OfEarlierRun

    private readonly Lock _lock = new();
    private readonly Page?[] _open;           // per core the page that it hands out, and at the end that of the others
    private Page?[] _pages = new Page?[16];
    private uint _nextPage;

    public IdTable(int cores) => _open = new Page?[cores + 1];

    /// <summary>For looking only: counts.</summary>
    public int Count => Snapshot().Length;

    /// <summary>A new id, and where what has it is to be put.</summary>
    /// <param name="here">The core that this thread has for itself (<see cref="Kernel.CoreHere"/>); null:
    /// none.</param>
    public Place Next(int? here) => here is { } core ? Next(ref _open[core]) : NextOfOthers();

    public T? Find(uint id) => PageOf(id)?.Entries[id & PageMask].Value;

    /// <summary>Gives an id back; nothing happens if nothing is there. One thread for each id.</summary>
    public void Remove(uint id)
    {
        if (PageOf(id) is not { } page || page.Entries[id & PageMask].Value is null)
        {
            return;
        }

        page.Entries[id & PageMask].Value = null;
        if (Interlocked.Increment(ref page.GivenBack) == PageIds)
        {
            Forget(page);
        }
    }

    /// <summary>Whether there has been one of that id, as long as pages do not come again. For looking
    /// only.</summary>
    public bool HasHandedOut(uint id) =>
        id != 0 && (PageOf(id) is { } page ? (id & PageMask) < page.HandedOut : PageIndex(id) < _nextPage);

    public T[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _pages.OfType<Page>().SelectMany(static page => page.Entries, static (_, entry) => entry.Value)
                .OfType<T>()];
        }
    }

    private Page? PageOf(uint id)
    {
        Page?[] pages = Volatile.Read(ref _pages);      // A30
        uint page = PageIndex(id);
        return page < (uint)pages.Length ? pages[page] : null;
    }

    private static uint PageIndex(uint id) => id / PageIds;

    private Place NextOfOthers()
    {
        lock (_lock)
        {
            return Next(ref _open[^1]);
        }
    }

    private Place Next(ref Page? open)
    {
        if (open is not { HandedOut: < PageIds })
        {
            open = NewPage();
        }

        return new Place(open, open.HandedOut++);
    }

    private Page NewPage()
    {
        lock (_lock)
        {
            for (uint tried = 0; tried < PagesMost; tried++)
            {
                uint index = _nextPage;
                _nextPage = (index + 1) % PagesMost;
                if (index == _pages.Length)
                {
                    Page?[] longer = new Page?[_pages.Length * 2];
                    _pages.CopyTo(longer, 0);
                    Volatile.Write(ref _pages, longer);      // R30: filled before it is found. Read by A30.
                }

                if (_pages[index] is null)
                {
                    return _pages[index] = new Page(index);
                }
            }
        }

        throw new InvalidOperationException(
            "The kernel has no ids for more agents or capabilities: in each thousand of four billion one is alive. Ids "
            + "come free when all of their thousand have ended; have those that live on come to an end now and then.");
    }

    private void Forget(Page page)
    {
        lock (_lock)
        {
            _pages[page.Index] = null;
        }
    }

    /// <summary>An id that was handed out. One that nothing is put to is lost, and its page is kept.</summary>
    internal readonly struct Place
    {
        private readonly Page _page;
        private readonly int _index;

        public Place(Page page, int index) => (_page, _index) = (page, index);

        public uint Id => _page.IdAt(_index);

        public void Put(T value) => _page.Entries[_index].Value = value;
    }

    internal sealed class Page
    {
        public readonly uint Index;
        public readonly Entry[] Entries = new Entry[PageIds];
        public int HandedOut;      // by whoever has it open
        public int GivenBack;

        public Page(uint index)
        {
            Index = index;
            HandedOut = GivenBack = index == 0 ? 1 : 0;      // 0 is nobody's
        }

        public uint IdAt(int index) => (Index * PageIds) + (uint)index;
    }

    // A struct, so that a store need not ask what the array is an array of.
    internal struct Entry
    {
        public T? Value;
    }
}

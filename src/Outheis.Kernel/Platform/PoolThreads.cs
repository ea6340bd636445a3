using Microsoft.Win32.SafeHandles;

namespace Outheis;

/// <summary>How a thread of a pool goes on after a step.</summary>
internal enum PoolStep : byte
{
    /// <summary>There may be more to do.</summary>
    Again,

    /// <summary>There is nothing to do: until it is signalled.</summary>
    Rest,

    /// <summary>Never again: the thread ends.</summary>
    Leave,
}

/// <summary>What a thread of a pool does. Whoever drives it decides how to rest.</summary>
internal interface IPoolWork
{
    /// <summary>Its thread: one piece of work, which may block.</summary>
    PoolStep Step();

    /// <summary>Its thread: nobody has signalled it for long. True: the thread ends; false: a signal is on the
    /// way.</summary>
    bool TryLeave();
}

/// <summary>One thread of a pool, which lives while there is work for it.</summary>
internal interface IPoolThread
{
    /// <summary>Its maker, once: it takes its first step.</summary>
    void Start();

    /// <summary>Any thread: it is to go on from its rest. One signal that comes before the rest is kept.</summary>
    void Signal();

    /// <summary>Any thread: whether it waits for something in the middle of its work; null: the system does not tell.
    /// </summary>
    bool? IsBlocked { get; }
}

/// <summary>A thread of the system.</summary>
internal sealed class SystemPoolThread(string name, IPoolWork work, TimeSpan restMost) : IPoolThread
{
    private const int StatBytes = 512;

    private readonly object _lock = new();
    private bool _isSignaled;           // guarded by _lock
    private SafeFileHandle? _stat;      // of Linux: what the system says of this thread

    public void Start() => new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();

    public void Signal()
    {
        lock (_lock)
        {
            _isSignaled = true;
            Monitor.Pulse(_lock);
        }
    }

    public bool? IsBlocked
    {
        get
        {
            if (Volatile.Read(ref _stat) is not { } stat)
            {
                return null;
            }

            try
            {
                Span<byte> text = stackalloc byte[StatBytes];
                text = text[..RandomAccess.Read(stat, text, 0)];
                int name = text.LastIndexOf((byte)')');      // 123 (name) S ...
                return name >= 0 && name + 2 < text.Length && text[name + 2] is (byte)'S' or (byte)'D';
            }
            catch (Exception gone) when (gone is IOException or ObjectDisposedException)
            {
                return false;      // it has just ended
            }
        }
    }

    private void Run()
    {
        Volatile.Write(ref _stat, OpenStat());
        ExecutionContext clean = ExecutionContext.Capture()!;
        PoolStep step;
        while ((step = work.Step()) != PoolStep.Leave)
        {
            // What one piece of work left around it is nothing to the next one.
            SynchronizationContext.SetSynchronizationContext(null);
            ExecutionContext.Restore(clean);
            if (step == PoolStep.Rest && !IsSignaled() && work.TryLeave())
            {
                break;
            }
        }

        _stat?.Dispose();
    }

    // Before the rest is over.
    private bool IsSignaled()
    {
        lock (_lock)
        {
            bool isSignaled = _isSignaled || Monitor.Wait(_lock, restMost);
            _isSignaled = false;
            return isSignaled;
        }
    }

    private static SafeFileHandle? OpenStat()
    {
        try
        {
            return !OperatingSystem.IsLinux() ? null
                : File.OpenHandle("/proc/thread-self/stat", share: FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

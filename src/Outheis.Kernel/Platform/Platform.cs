namespace Outheis;

/// <summary>
/// What the kernel runs on besides its clock and seed. The real one is <see cref="System"/>; tests drive the
/// same kernel on one thread and with a failing disk by handing in others.
/// </summary>
internal sealed record Platform(CoreThreads Threads, HostThreads Host, IJournalDisk Disk)
{
    public static Platform System() =>
        new(new PinnedThreads(), SystemHostThreads.Instance, SystemJournalDisk.Instance);
}

/// <summary>Gives cores their threads.</summary>
internal abstract class CoreThreads
{
    /// <summary>Says how many cores there are to be, before the first starts.</summary>
    /// <exception cref="ArgumentException">An option asks for what there is not.</exception>
    public abstract int Place(KernelOptions options);

    /// <summary>Begins to drive a core: whoever drives it calls Enter, then RunPass, and idles as it sees
    /// fit.</summary>
    public abstract void Start(Core core);

    /// <summary>Makes every thread that drives a core pass a full memory barrier (F1).</summary>
    public abstract void Fence();

    /// <summary>What a core without work sleeps on.</summary>
    public virtual Sleeper MakeSleeper() => new MonitorSleeper();

    /// <summary>Ends the driving of a core after the pass it is in. False if that did not end in
    /// time.</summary>
    public abstract bool Stop(Core core, TimeSpan atMost);

    /// <summary>The watch: a handler has had its core for long. Another thread drives the core until it is back. False:
    /// not now, or never.</summary>
    public virtual bool TakeOver(Core core) => false;

    /// <summary>The processor that a core's thread is bound to; null: none.</summary>
    public abstract int? ProcessorOf(Core core);

    /// <summary>By which cores say how long they were idle.</summary>
    public virtual TimeProvider Clock => TimeProvider.System;
}

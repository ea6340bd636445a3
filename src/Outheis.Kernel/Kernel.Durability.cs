namespace Outheis;

/// <summary>What a kernel promises about the disk.</summary>
public sealed partial class Kernel
{
    /// <summary>Every send is to be durable and none can be any more.</summary>
    internal bool RefusesAll => Options.Durability == Durability.Durable && Flusher!.Failure is not null;

    /// <summary>Waits until everything that was sent from outside before the call, and everything that agents did until
    /// then, survives a loss of power. One flush serves all who wait.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="JournalException">It is unknown what is durable.</exception>
    /// <exception cref="InvalidOperationException">The kernel has no journal.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default)
    {
        RequireOutside();
        _ = MustFlush(Durability.Durable);
        var flushed = new HostFlushed(Platform.Host);
        HostFlush.Start(this, flushed);
        return flushed.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Whether a send of this durability waits for the disk.</summary>
    /// <exception cref="InvalidOperationException">It would, and there is no journal.</exception>
    internal bool MustFlush(Durability? durability)
    {
        bool isDurable = (durability ?? Options.Durability) == Durability.Durable;
        return isDurable && Flusher is null
            ? throw new InvalidOperationException(
                "Durable needs a journal, and this kernel has none: set KernelOptions.JournalDirectory.")
            : isDurable;
    }

    private JournalException? CloseJournal(bool everyCoreStopped)
    {
        JournalException? failure = null;
        Flusher?.Stop();
        try
        {
            if (everyCoreStopped)
            {
                _past?.Close();
                _journal?.Close();
            }
            else
            {
                _past?.Abandon();
            }
        }
        catch (JournalException error)
        {
            failure = error;
        }

        Flusher?.End(failure ?? (everyCoreStopped ? null : new JournalException(
            "The kernel stopped without closing its journal, because a core did not: what was not flushed before may "
            + "not be durable.")));
        return failure;
    }

    // The flushing thread. Each core refuses what comes after; what is under way goes on, as buffered.
    private void StopDurable(JournalException failure)
    {
        if (Options.Durability == Durability.Durable)
        {
            Array.ForEach(Cores, static core => core.Post(new RefuseMessages()));
        }
    }
}

namespace Outheis;

/// <summary>One message that was set aside because too many attempts to handle it ended an agent or a
/// process.</summary>
/// <param name="Message">Its record.</param>
/// <param name="AgentName">Whom it is for; null if the journal does not tell.</param>
/// <param name="Attempts">How many there were.</param>
/// <param name="Reason">How the last one ended, in words; empty if the process did.</param>
public sealed record QuarantinedMessage(JournalEntry Message, string? AgentName, long Attempts, string Reason);

/// <summary>The messages of a journal that wait for a person's decision. Reads what the newest checkpoint of the
/// ledger does not have.</summary>
public static class JournalQuarantine
{
    /// <summary>What is in quarantine, in the order of acceptance. Also beside a running kernel.</summary>
    /// <param name="directory">The directory that the kernel was given.</param>
    /// <param name="archive">The archive that it was given, where the journal may have given messages up to it.</param>
    /// <param name="progress">Called now and then with bytes read behind the checkpoint; null: nobody looks.</param>
    /// <param name="cancellationToken">Ends it now and then.</param>
    /// <exception cref="JournalException">There is no journal, or it cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public static IReadOnlyList<QuarantinedMessage> List(
        string directory, string? archive = null, Action<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        cancellationToken.ThrowIfCancellationRequested();
        using LedgerReader reader = LedgerReader.Open(
            SystemJournalDisk.Instance, Path.GetFullPath(directory),
            archive is null ? null : Path.GetFullPath(archive));
        reader.CatchUp(progress: bytes =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Invoke(bytes);
        });
        return [.. reader.Quarantine().Where(static message => !message.Entry.IsOfItsRun).Select(message =>
            new QuarantinedMessage(
                message.Entry, message.Name.Length > 0 ? message.Name : null, message.Attempts, message.Reason))];
    }

    /// <summary>Decides about one message: it is delivered again when its agent is spawned next, with all attempts
    /// before it, or never more. The decision is a record of the journal, which must not be in use.</summary>
    /// <param name="directory">The directory that the kernel was given.</param>
    /// <param name="position">The message's.</param>
    /// <param name="drop">Never more.</param>
    /// <param name="archive">As for <see cref="List"/>.</param>
    /// <param name="progress">As for <see cref="List"/>.</param>
    /// <param name="cancellationToken">As for <see cref="List"/>; then nothing is decided.</param>
    /// <returns>False: there is no such message in quarantine.</returns>
    /// <exception cref="JournalInUseException">A kernel has the journal open: stop it first.</exception>
    /// <exception cref="JournalException">The journal cannot be opened, or the decision not written.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public static bool Release(
        string directory, long position, bool drop, string? archive = null, Action<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (!List(directory, archive, progress, cancellationToken).Any(message => message.Message.Position == position))
        {
            return false;
        }

        var settings = new JournalSettings { Lanes = 1, SegmentBytes = JournalLimits.SegmentBytesMin };
        using JournalDirectory journal = JournalDirectory.Open(
            directory, settings, SystemJournalDisk.Instance, TimeProvider.System, out _);
        var fields = new RecordHeader { Kind = JournalKind.Released, Cause = position };
        var verdict = new AttemptRecord(0, drop ? AttemptRecord.Drop : AttemptRecord.Retry, "");
        if (!journal.Lane(0).TryAppend(in fields, in verdict))
        {
            throw journal.Lane(0).Refusal ?? new JournalException($"{directory} has no room for the decision.");
        }

        journal.Close();
        return true;
    }
}

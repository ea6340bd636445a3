namespace Outheis;

/// <summary>The journal could not do something. The message says what, with which file, and what to do about
/// it.</summary>
public class JournalException : IOException
{
    /// <summary>A failure with a default message.</summary>
    public JournalException()
    {
    }

    /// <summary>A failure described by <paramref name="message"/>.</summary>
    /// <param name="message">What happened, to which file, what to do.</param>
    public JournalException(string message)
        : base(message)
    {
    }

    /// <summary>A failure of the disk or of the file system below.</summary>
    /// <param name="message">What happened, to which file, what to do.</param>
    /// <param name="innerException">What the system said.</param>
    public JournalException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Another process, or another kernel of this one, has the journal directory open.</summary>
public sealed class JournalInUseException : JournalException
{
    /// <summary>A failure with a default message.</summary>
    public JournalInUseException()
    {
    }

    /// <summary>A failure described by <paramref name="message"/>.</summary>
    /// <param name="message">Which directory, held by whom.</param>
    public JournalInUseException(string message)
        : base(message)
    {
    }

    /// <summary>A failure described by <paramref name="message"/>.</summary>
    /// <param name="message">Which directory, held by whom.</param>
    /// <param name="innerException">What the system said.</param>
    public JournalInUseException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal JournalInUseException(string directory, int processId)
        : base(processId > 0
            ? $"The journal {directory} is in use by process {processId}. Stop that process or give this one "
                + "another directory."
            : $"The journal {directory} is in use by another process. Stop it or give this one "
                + "another directory.")
    {
        Directory = directory;
        ProcessId = processId;
    }

    /// <summary>The directory that is in use.</summary>
    public string? Directory { get; }

    /// <summary>The process that has it open; 0 when it could not be told.</summary>
    public int ProcessId { get; }
}

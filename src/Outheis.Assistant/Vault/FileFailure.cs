namespace Outheis.Assistant;

/// <summary>Says in half a sentence why the file system refused.</summary>
internal static class FileFailure
{
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int UnixNoSpace = 28;

    public static bool IsDiskFull(Exception error) =>
        error is IOException { HResult: WindowsDiskFull or UnixNoSpace }
        // Said by the system to whom it asked itself.
        || error.Message.Contains("No space left", StringComparison.Ordinal)
        || (error.InnerException is { } inner && IsDiskFull(inner));

    public static string Reason(Exception error) => error switch
    {
        _ when IsDiskFull(error) => "the disk is full",
        UnauthorizedAccessException => "permission denied",
        FileNotFoundException or DirectoryNotFoundException => "it is gone",
        PathTooLongException => "its path is too long",
        _ => error.Message.TrimEnd('.'),
    };
}

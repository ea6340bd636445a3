namespace Outheis.Testing;

/// <summary>A recorded journal cannot be used as it was asked for. The message says why and what to do.</summary>
public sealed class RecordingException : Exception
{
    internal RecordingException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}

namespace Outheis;

/// <summary>What a journal has of an exception: its type by name, and its words. In the place of
/// <see cref="ExitReason.Exception"/> when a supervisor is replayed, or a durable one made again: one that decides by
/// the type asks <see cref="TypeNameOf"/>.</summary>
public sealed class RecordedException : Exception
{
    /// <param name="typeName">Its type's full name.</param>
    /// <param name="message">Its message.</param>
    public RecordedException(string typeName, string message)
        : base(message)
    {
        ArgumentNullException.ThrowIfNull(typeName);
        TypeName = typeName;
    }

    /// <summary>The full name of the type that it was.</summary>
    public string TypeName { get; }

    /// <summary>The full name of an exception's type, live or recorded: the same in a replay as it was then, but cut
    /// after 256 bytes.</summary>
    /// <param name="exception">Any.</param>
    public static string TypeNameOf(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception is RecordedException recorded ? recorded.TypeName : exception.GetType().FullName!;
    }

    /// <summary>As a journal keeps it: cut, since the room for signals is bounded.</summary>
    internal static RecordedException Of(Exception exception) => new(
        JournalText.Cut(TypeNameOf(exception), JournalLimits.SignalTextBytesMax).ToString(),
        JournalText.Cut(ExitReason.MessageOf(exception), JournalLimits.SignalTextBytesMax).ToString());
}

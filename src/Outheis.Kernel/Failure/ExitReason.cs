namespace Outheis;

/// <summary>How an incarnation ended (OT-07).</summary>
public enum ExitKind : byte
{
    /// <summary>It stopped itself: done.</summary>
    Normal,

    /// <summary>Its supervisor or the stopping kernel ended it.</summary>
    Shutdown,

    /// <summary>A handler, its constructor or OnStart threw.</summary>
    Error,
}

/// <summary>Why an incarnation ended.</summary>
/// <param name="Kind">What sort of end.</param>
/// <param name="Exception">The bug, when <paramref name="Kind"/> is <see cref="ExitKind.Error"/>.</param>
public sealed record ExitReason(ExitKind Kind, Exception? Exception = null)
{
    /// <summary>Done.</summary>
    public static readonly ExitReason Normal = new(ExitKind.Normal);

    /// <summary>Told to.</summary>
    public static readonly ExitReason Shutdown = new(ExitKind.Shutdown);

    /// <summary>Whether a transient agent would be restarted after it.</summary>
    public bool IsAbnormal => Kind == ExitKind.Error;

    /// <inheritdoc/>
    public override string ToString()
    {
        if (Exception is null)
        {
            return Kind.ToString();
        }

        string words = MessageOf(Exception);
        return $"{Kind}: {JournalType.Simple(RecordedException.TypeNameOf(Exception))}"
            + (words.Length > 0 ? ": " + words : "");
    }

    /// <summary>What it says; empty if that throws.</summary>
    internal static string MessageOf(Exception exception)
    {
        try
        {
            return exception.Message ?? "";
        }
        catch (Exception)
        {
            return "";
        }
    }
}

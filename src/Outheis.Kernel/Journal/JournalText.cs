using System.Text;

namespace Outheis;

/// <summary>Text in system records.</summary>
internal static class JournalText
{
    public static int Bytes(string text)
    {
        int bytes = Encoding.UTF8.GetByteCount(text);
        return bytes <= JournalLimits.TextBytesMax ? bytes : Encoding.UTF8.GetByteCount(Cut(text));
    }

    public static void Write(string text, Span<byte> to) =>
        Encoding.UTF8.GetBytes(to.Length < Encoding.UTF8.GetByteCount(text) ? Cut(text) : text, to);

    public static string Read(ReadOnlySpan<byte> from) => Encoding.UTF8.GetString(from);

    /// <summary>What a record has of it.</summary>
    public static ReadOnlySpan<char> Cut(string text, int most = JournalLimits.TextBytesMax)
    {
        int chars = 0, bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > most)
            {
                break;
            }

            chars += rune.Utf16SequenceLength;
        }

        return text.AsSpan(0, chars);
    }
}

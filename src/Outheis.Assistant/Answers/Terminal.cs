namespace Outheis.Assistant;

/// <summary>How answers are written.</summary>
internal enum AnswerStyle
{
    /// <summary>Text without escape codes: matched words of prose between double asterisks, code as it
    /// is.</summary>
    Plain = 0,

    /// <summary>Text with escape codes, for a terminal.</summary>
    Ansi,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>
/// The user's terminal: what he says comes in here, answers go to the output, everything else to the error
/// output. Held by the relay alone. One thread at a time.
/// </summary>
/// <param name="input">Where the user's lines come from.</param>
/// <param name="output">Answers, and nothing else.</param>
/// <param name="error">Sentences that are not answers.</param>
internal sealed class Terminal(TextReader input, TextWriter output, TextWriter error)
{
    public AnswerStyle Style { get; init; }

    /// <summary>Written before a line is read; empty when nobody is there to see it.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>Shows that so many of so many notes are indexed; null: nobody is there to see it.</summary>
    public Action<int, int>? ShowProgress { get; init; }

    /// <summary>Takes the progress away again; null like <see cref="ShowProgress"/>.</summary>
    public Func<Task>? EndProgress { get; init; }

    /// <summary>The next line, or null at the end. Blocks.</summary>
    public string? ReadLine()
    {
        if (Prompt.Length > 0)
        {
            output.Write(Prompt);
            output.Flush();
        }

        return input.ReadLine();
    }

    public void Answer(Action<TextWriter> write)
    {
        write(output);
        output.Flush();
    }

    public void Say(string sentence)
    {
        error.WriteLine(sentence);
        error.Flush();
    }
}

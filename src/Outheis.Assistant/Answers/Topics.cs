using System.Globalization;
using System.Text;

namespace Outheis.Assistant;

/// <summary>What was asked about one note.</summary>
internal sealed class Topic
{
    public required string Note { get; init; }

    public int Exchanges { get; set; }

    /// <summary>How often each note was among the answers.</summary>
    public Dictionary<string, int> AnsweredBy { get; init; } = [];

    /// <summary>The last different questions, newest last.</summary>
    public List<string> Questions { get; init; } = [];
}

/// <summary>What is asked and which notes answer: a fold over the exchanges. A topic is the note that answers
/// best.</summary>
internal sealed class Topics
{
    public int Exchanges { get; set; }

    public List<Topic> All { get; init; } = [];

    /// <summary>The last different questions that nothing answered, newest last.</summary>
    public List<string> Unanswered { get; init; } = [];

    public void Add(Exchanged exchange)
    {
        Exchanges++;
        if (exchange.Notes.Count == 0)
        {
            Remember(exchange.Question, Unanswered, VaultLimits.TopicsListed);
            return;
        }

        string vault = Path.GetFileName(Path.TrimEndingDirectorySeparator(exchange.Vault));
        string[] notes = exchange.Notes.Select(note => $"{vault}/{note}").Distinct().ToArray();
        Topic? topic = All.Find(one => one.Note == notes[0]);
        if (topic is null) All.Add(topic = new Topic { Note = notes[0] });
        topic.Exchanges++;
        foreach (string note in notes) topic.AnsweredBy[note] = topic.AnsweredBy.GetValueOrDefault(note) + 1;
        Remember(exchange.Question, topic.Questions, VaultLimits.QuestionsPerTopic);
    }

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture,
            $"# Topics\n\nWhat was asked in {Exchanges} exchanges, and which notes answer.\n");
        foreach (Topic topic in All.OrderByDescending(static one => one.Exchanges)
            .ThenBy(static one => one.Note, StringComparer.Ordinal).Take(VaultLimits.TopicsListed))
        {
            text.Append(CultureInfo.InvariantCulture,
                $"\n## {Path.GetFileNameWithoutExtension(topic.Note)}\n\n");
            text.Append(CultureInfo.InvariantCulture, $"- asked {Times(topic.Exchanges)}, lately:\n");
            foreach (string question in NewestFirst(topic.Questions)) text.Append($"  - {question}\n");
            text.Append("- answered by:\n");
            foreach ((string note, int times) in topic.AnsweredBy.OrderByDescending(static pair => pair.Value)
                .ThenBy(static pair => pair.Key, StringComparer.Ordinal).Take(VaultLimits.NotesPerTopic))
            {
                text.Append(CultureInfo.InvariantCulture, $"  - {note} ({Times(times)})\n");
            }
        }

        if (Unanswered.Count == 0) return text.ToString();
        text.Append("\n## Not answered\n\n");
        foreach (string question in NewestFirst(Unanswered)) text.Append($"- {question}\n");
        return text.ToString();
    }

    private static IEnumerable<string> NewestFirst(IEnumerable<string> questions) => questions.Reverse();

    private static string Times(int count) =>
        count == 1 ? "once" : $"{count.ToString(CultureInfo.InvariantCulture)} times";

    private static void Remember(string question, List<string> among, int most)
    {
        question = question.ReplaceLineEndings(" ").Trim();
        among.Remove(question);
        among.Add(question);
        if (among.Count > most) among.RemoveAt(0);
    }
}

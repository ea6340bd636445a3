namespace Outheis.Assistant;

/// <summary>A term that counts for a concept: 1 for the word itself, less for one that may stand for
/// it.</summary>
internal readonly record struct WeighedForm(string Term, double Weight, long Documents);

/// <summary>A concept and how much it says: the rarer in the vault, the more.</summary>
internal sealed record WeighedConcept(Concept Concept, double Rarity, WeighedForm[] Forms);

/// <summary>A section that may hold the answer.</summary>
internal sealed record Candidate(string Path, string Title, string Heading, IReadOnlyList<Passage> Passages);

/// <summary>
/// Orders the passages of the candidate sections. A passage scores by what it says itself, by the section it
/// stands in and by the name of its note; all of it shrinks with the share of the question that the section
/// leaves out.
/// </summary>
internal sealed class Ranking(WeighedConcept[] concepts)
{
    /// <summary>A word that may stand for the one asked for counts this much of it.</summary>
    public const double LikeWeight = 0.5;

    /// <summary>A word that says little counts this much of one that names something.</summary>
    public const double WeakWeight = 0.35;

    private const double LeastRarity = 0.1;

    private const double NameOccurrence = 2.5;        // a hit in the name counts as so many hits in the text
    private const double HeadingOccurrence = 2;
    private const double CodeOccurrence = 0.4;
    private const double LeadOccurrence = 3;        // what a note says of itself in its first lines
    private const int LeadLines = 6;
    // Of a passage; a longer one needs more hits for the same worth.
    private const double UsualWords = 12;
    private const double LengthFloor = 0.4;
    private const double SectionHalf = 0.8;         // so many hits reach half of the most a concept can give
    private const double LongSection = 1000;        // words; a longer one, such as a table, needs more hits for as much
    private const double PassageHalf = 0.5;
    private const int FewSections = 100;            // in a smaller vault every word would be common
    private const double RarityPower = 0.8;         // below 1: two common words outweigh one rare word sooner
    private const double NameFit = 0.4;             // when the question says the whole name of the note
    private const double LeastCoverage = 0.3;       // below this share the vault does not answer the question
    // Weaker passages than this share of the best are not shown.
    private const double LeastOfBest = 0.35;

    private readonly Analyzer _analyzer = new();
    private readonly List<Token> _tokens = [];

    /// <summary>How much a term says that <paramref name="documents"/> of all sections hold.</summary>
    public static double Rarity(long documents, long sections)
    {
        long among = Math.Max(sections, FewSections);
        double rarity = Math.Log(1 + ((among - documents + 0.5) / (documents + 0.5)));
        return Math.Max(Math.Pow(rarity, RarityPower), LeastRarity);
    }

    public IReadOnlyList<FoundPassage> Best(List<Candidate> candidates)
    {
        var scored = new List<Scored>();
        double all = concepts.Sum(static concept => concept.Rarity);
        foreach (Candidate candidate in candidates) Score(candidate, all, scored);

        scored.Sort(static (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score)
            : a.Candidate.Path != b.Candidate.Path ? string.CompareOrdinal(a.Candidate.Path, b.Candidate.Path)
            : a.Passage.FirstLine.CompareTo(b.Passage.FirstLine));

        var best = new List<FoundPassage>();
        foreach (Scored one in scored)
        {
            if (best.Count == VaultLimits.AnswerPassages || one.Score < scored[0].Score * LeastOfBest) break;
            int ofNote = best.Count(found => found.Path == one.Candidate.Path);
            if (ofNote == VaultLimits.AnswerPassagesPerNote) continue;
            best.Add(new FoundPassage(
                one.Candidate.Path, one.Passage.FirstLine, one.Passage.LastLine, one.Candidate.Title,
                one.Candidate.Heading, one.Passage.Text, Math.Round(one.Score, 3), one.Passage.IsCode,
                MarksIn(one.Passage.Text)));
        }

        return best;
    }

    private void Score(Candidate candidate, double all, List<Scored> into)
    {
        double[] inSection = new double[concepts.Length];
        double[] inName = new double[concepts.Length];
        double nameFit = CountName(candidate, inSection, inName);
        CountText(candidate.Heading, inSection, HeadingOccurrence);

        double[][] inPassages = new double[candidate.Passages.Count][];
        double[] lengths = new double[inPassages.Length];
        for (int i = 0; i < inPassages.Length; i++)
        {
            inPassages[i] = new double[concepts.Length];
            lengths[i] = CountPassage(candidate.Passages[i], inPassages[i]);
            double lead = candidate.Passages[i].FirstLine <= LeadLines ? LeadOccurrence : 1;
            for (int c = 0; c < concepts.Length; c++) inSection[c] += inPassages[i][c] * lead;
        }

        double section = 0, covered = 0;
        double sectionHalf = SectionHalf * Math.Max(1, lengths.Sum() / LongSection);
        for (int c = 0; c < concepts.Length; c++)
        {
            section += concepts[c].Rarity * inSection[c] / (inSection[c] + sectionHalf);
            covered += concepts[c].Rarity * Math.Min(inSection[c] / LikeWeight, 1);
        }

        double coverage = covered / all;
        if (coverage < LeastCoverage) return;
        for (int i = 0; i < inPassages.Length; i++)
        {
            double passage = 0;
            double half = PassageHalf * (LengthFloor + ((1 - LengthFloor) * lengths[i] / UsualWords));
            for (int c = 0; c < concepts.Length; c++)
            {
                double hits = inPassages[i][c];
                passage += concepts[c].Rarity * hits / (hits + half);
            }

            double score = coverage * ((section + passage + nameFit) / all);
            into.Add(new Scored(candidate, candidate.Passages[i], score));
        }
    }

    /// <summary>Counts the name of the note; returns what it is worth that the question says all or part of
    /// it.</summary>
    private double CountName(Candidate candidate, double[] inSection, double[] inName)
    {
        string stem = Path.GetFileNameWithoutExtension(candidate.Path);
        int words = Math.Max(CountText(stem, inName, 1), 1);
        double fit = 0;
        int said = 0;
        for (int c = 0; c < concepts.Length; c++)
        {
            if (inName[c] <= 0 || concepts[c].Concept.IsWeak) continue;
            said++;
            fit += concepts[c].Rarity * Math.Min(inName[c], 1);
        }

        CountText(candidate.Title, inName, 1);
        for (int c = 0; c < concepts.Length; c++) inSection[c] += Math.Min(inName[c], 1) * NameOccurrence;
        return NameFit * fit * Math.Min(said, words) / words;
    }

    /// <summary>Adds <paramref name="occurrence"/> for each hit; returns how many words there are.</summary>
    private int CountText(string text, double[] hits, double occurrence)
    {
        foreach (Token token in Tokens(text)) Count(token.Term, hits, occurrence);
        return _tokens.Count;
    }

    /// <summary>Adds the hits of a passage; returns how many words of prose it has.</summary>
    private int CountPassage(Passage passage, double[] hits)
    {
        int words = 0;
        List<Range> code = CodeScan.Runs(passage.Text, passage.IsCode);
        int run = 0;
        foreach (Token token in Tokens(passage.Text))
        {
            while (run < code.Count && code[run].End.Value <= token.Start) run++;
            bool isCode = run < code.Count && token.Start >= code[run].Start.Value;
            Count(token.Term, hits, isCode ? CodeOccurrence : 1);
            if (!isCode) words++;
        }

        return words;
    }

    private void Count(string term, double[] hits, double occurrence)
    {
        for (int c = 0; c < concepts.Length; c++)
        {
            foreach (WeighedForm form in concepts[c].Forms)
            {
                if (form.Term == term) hits[c] += occurrence * form.Weight;
            }
        }
    }

    private Mark[] MarksIn(string text)
    {
        var marks = new List<Mark>();
        foreach (Token token in Tokens(text))
        {
            bool matched = concepts.Any(concept => concept.Forms.Any(form => form.Term == token.Term));
            if (!matched) continue;
            if (marks.Count > 0 && marks[^1].Start + marks[^1].Length > token.Start)
            {
                int start = Math.Min(marks[^1].Start, token.Start);
                int end = Math.Max(marks[^1].Start + marks[^1].Length, token.End);
                marks[^1] = new Mark(start, end - start);
            }
            else marks.Add(new Mark(token.Start, token.Length));
        }

        return marks.ToArray();
    }

    private List<Token> Tokens(string text)
    {
        _tokens.Clear();
        _analyzer.Analyze(text, _tokens);
        return _tokens;
    }

    private readonly record struct Scored(Candidate Candidate, Passage Passage, double Score);
}

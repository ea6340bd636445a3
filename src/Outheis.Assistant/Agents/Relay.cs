using System.Diagnostics;

namespace Outheis.Assistant;

/// <summary>
/// The only agent that talks to the user: it holds the terminal, and the right to ask the data agent. It
/// composes the answers. What a failure means for the user is said here, in one sentence.
/// </summary>
internal sealed class Relay(
    Terminal terminal, VaultLabel vault, AskCapability<Refresh, Refreshed> refresh,
    AskCapability<Search, Sought> search)
    : Agent, IAnswerAsync<Listen, Heard>, IAnswerAsync<Ask, Answered>, IAnswer<Tell, Told>
{
    // So many skipped files were named last time: no need to repeat the same.
    private int _skippedNamed = -1;

    public async ValueTask<Heard> AnswerAsync(
        Listen request, AgentContext context, CancellationToken cancellationToken)
    {
        try
        {
            Effect<Heard> heard = await context.EffectAsync("listen", (_, token) => Hear(token)).ConfigureAwait(true);
            return heard.Value ?? new Heard(null);
        }
        catch (OperationCanceledException)
        {
            return new Heard(null);
        }
    }

    private async ValueTask<Heard> Hear(CancellationToken cancellationToken) => new(
        await Task.Run(terminal.ReadLine, CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(true));

    public Told Answer(in Tell request, Context context)
    {
        terminal.Say(request.Sentence);
        return new Told();
    }

    public async ValueTask<Answered> AnswerAsync(
        Ask request, AgentContext context, CancellationToken cancellationToken)
    {
        string? refusal = Question.Refusal(request.Question);
        if (refusal is not null) return Fail(request, AskResult.Refused, refusal);
        long begun = Stopwatch.GetTimestamp();
        string doing = "reading the vault";
        try
        {
            Refreshed current = await BringUpToDate(context, cancellationToken).ConfigureAwait(true);
            if (current.Report is not { } report) return Fail(request, AskResult.Failed, current.Failure!);
            NameSkipped(report);
            if (report.Notes == 0)
            {
                string empty = $"The vault {vault.Shown} holds no notes.";
                return Fail(request, AskResult.Refused, empty, report.SkippedCount);
            }

            doing = "searching the vault";
            var query = new Search(request.Question);
            Sought sought = await context.AskAsync(search, query, Timeout.InfiniteTimeSpan, cancellationToken)
                .ConfigureAwait(true);
            if (sought.Found is not { } found)
            {
                return Fail(request, AskResult.Failed, sought.Failure!, report.SkippedCount);
            }

            return Compose(request.Question, found, report, Stopwatch.GetElapsedTime(begun), context.UtcNow);
        }
        catch (AskException failure)
        {
            return Fail(request, AskResult.Failed, Describe(failure, doing));
        }
        catch (OperationCanceledException)
        {
            return Answered.Without(AskResult.Failed);      // whoever interrupted us knows
        }
    }

    private async ValueTask<Refreshed> BringUpToDate(
        AgentContext context, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                Refreshed step = await context.AskAsync(
                    refresh, new Refresh(), Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(true);
                if (step.Report is not null || step.Failure is not null) return step;
                terminal.ShowProgress?.Invoke(step.Done, step.Total);
            }
        }
        finally
        {
            if (terminal.EndProgress is { } end) await end().ConfigureAwait(true);
        }
    }

    private Answered Compose(
        string question, Found found, IndexReport report, TimeSpan elapsed, DateTimeOffset now)
    {
        bool nothing = found.Passages.Count == 0;
        if (terminal.Style == AnswerStyle.Json)
        {
            terminal.Answer(output => AnswerJson.Of(question, vault, found, report, elapsed).Write(output));
        }
        else if (nothing) terminal.Say($"Nothing in {vault.Shown} answers that.");
        else terminal.Answer(
            output => AnswerText.Write(output, found, vault, terminal.Style == AnswerStyle.Ansi));

        return nothing
            ? Answered.Without(AskResult.NothingFound, report.SkippedCount)
            : new Answered(AskResult.Answered, report.SkippedCount,
                found.Passages.Select(static passage => passage.Path)
                .Distinct().ToArray(), AnswerMarkdown.Write(question, found, vault, now));
    }

    private Answered Fail(Ask request, AskResult result, string sentence, int skipped = 0)
    {
        terminal.Say(sentence);
        if (terminal.Style == AnswerStyle.Json)
        {
            terminal.Answer(output => AnswerJson.Failed(request.Question, vault, sentence).Write(output));
        }

        return Answered.Without(result, skipped);
    }

    private void NameSkipped(IndexReport report)
    {
        if (report.Rebuilt) terminal.Say("The index was damaged and has been built again.");
        if (report.SkippedCount == _skippedNamed) return;
        _skippedNamed = report.SkippedCount;
        foreach (SkippedFile file in report.Skipped.Take(VaultLimits.SkippedNamed))
        {
            terminal.Say($"{vault.PathOf(file.Path)} was skipped: {file.Reason}.");
        }

        int more = report.SkippedCount - VaultLimits.SkippedNamed;
        if (more <= 0) return;
        terminal.Say($"{more} more {(more == 1 ? "file was" : "files were")} skipped; --json names them.");
    }

    private static string Describe(AskException failure, string doing) => failure.Outcome switch
    {
        AskOutcome.Failed =>
            $"The data agent crashed while {doing}, so there is no answer; it has been started again: "
            + "ask once more.",
        AskOutcome.Dead =>
            $"The data agent crashed too often, last while {doing}, and has been given up: start anew.",
        _ => $"The data agent could not be asked while {doing}: {failure.Outcome}.",
    };
}

using Outheis.Assistant;

namespace Outheis.Cli;

/// <summary>
/// The host's part of a conversation: it carries the user's wishes to the agents, and is the only one that
/// may wake the action and the pattern agent. Keeps what the exit status has to say.
/// </summary>
internal sealed class Session(Team team, VaultLabel vault, CancellationToken interrupted)
{
    private const string Commands = ":save NAME saves the last answer, :quit or the end of the input ends.";
    private static readonly TimeSpan SettleDeadline = TimeSpan.FromMilliseconds(700);

    private Answered _last = Answered.Without(AskResult.Failed);
    private int _skipped;
    private bool _failed;

    /// <summary>One question, saved under <paramref name="saveAs"/> if that is not null.</summary>
    public async Task<int> AskOnce(string question, string? saveAs)
    {
        await Exchange(question).ConfigureAwait(false);
        if (saveAs is not null) await SaveLast(saveAs).ConfigureAwait(false);
        await Settle().ConfigureAwait(false);
        return _last.Result switch
        {
            AskResult.Refused => ExitCode.BadInput,
            _ when _failed => ExitCode.Failed,
            AskResult.NothingFound => ExitCode.NothingFound,
            _ => Outcome,
        };
    }

    /// <summary>Questions line by line, until the user has gone.</summary>
    public async Task<int> Converse()
    {
        while (await Hear().ConfigureAwait(false) is { } line && line is not (":quit" or ":q"))
        {
            if (line.Length == 0) continue;
            if (line[0] == ':') await Command(line).ConfigureAwait(false);
            else await Exchange(line).ConfigureAwait(false);
        }

        interrupted.ThrowIfCancellationRequested();
        await Settle().ConfigureAwait(false);
        return Outcome;
    }

    private int Outcome =>
        _failed ? ExitCode.Failed : _skipped > 0 || Repaired ? ExitCode.DoneInPart : ExitCode.Done;

    private bool Repaired => team.Kernel.Recovery is { Repaired: true };

    private async Task<string?> Hear()
    {
        Heard heard = await team.Listen.AskAsync(new Listen(), Timeout.InfiniteTimeSpan, interrupted)
            .ConfigureAwait(false);
        return heard.Line?.Trim();
    }

    private async Task Exchange(string question)
    {
        _last = await team.Ask.AskAsync(new Ask(question), Timeout.InfiniteTimeSpan, interrupted)
            .ConfigureAwait(false);
        interrupted.ThrowIfCancellationRequested();
        _failed |= _last.Result == AskResult.Failed;
        _skipped = Math.Max(_skipped, _last.Skipped);
        if (_last.Result is not (AskResult.Answered or AskResult.NothingFound)) return;
        SendResult sent = team.Exchanged.Send(
            new Exchanged(vault.FullPath, question, _last.Result, _last.Notes));
        if (sent == SendResult.Sent) return;
        await Fail($"The exchange could not be remembered: {sent}.").ConfigureAwait(false);
    }

    private async Task Command(string line)
    {
        string[] words = line.Split(
            ' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is [":save", var name]) await SaveLast(name).ConfigureAwait(false);
        else if (words is [":help"]) await Tell(Commands).ConfigureAwait(false);
        else if (words is [":save"]) await Tell("A name is missing: :save NAME.").ConfigureAwait(false);
        else await Tell($"There is no command {words[0]}: {Commands}").ConfigureAwait(false);
    }

    private async Task SaveLast(string name)
    {
        if (_last.Markdown.Length == 0)
        {
            await Fail("There is no answer to save.").ConfigureAwait(false);
            return;
        }

        Saved saved = await team.Save.AskAsync(
            new Save(name, _last.Markdown), Timeout.InfiniteTimeSpan, interrupted).ConfigureAwait(false);
        if (saved.Path is { } path) await Tell($"Saved as {path}.").ConfigureAwait(false);
        else await Fail(saved.Failure!).ConfigureAwait(false);
    }

    private async Task Settle()
    {
        try
        {
            Settled settled = await team.Settle.AskAsync(new Settle(), SettleDeadline, interrupted)
                .ConfigureAwait(false);
            if (settled.Failure is { } failure) await Fail(failure).ConfigureAwait(false);
        }
        catch (AskException late) when (late.Outcome == AskOutcome.TimedOut)
        {
            // The insights are not what the user waits for; the stop drains what is left of them.
        }
    }

    private Task Fail(string sentence)
    {
        _failed = true;
        return Tell(sentence);
    }

    private async Task Tell(string sentence) =>
        await team.Tell.AskAsync(new Tell(sentence), cancellationToken: interrupted).ConfigureAwait(false);
}

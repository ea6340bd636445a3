namespace Outheis.Assistant;

/// <summary>
/// Owns the vault and its index: nobody else reads notes. Reading and SQLite block, so they run outside the
/// core, one piece of work at a time.
/// </summary>
/// <param name="openIndex">Opens the index for this incarnation; it ends with it.</param>
/// <param name="beforeSearch">A seam for tests that make the agent crash; does nothing otherwise.</param>
internal sealed class DataAgent(Func<VaultIndex> openIndex, Action<string>? beforeSearch)
    : Agent, IAnswerAsync<Refresh, Refreshed>, IAnswerAsync<Search, Sought>
{
    private const string Interrupted = "The question was interrupted.";
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly VaultIndex _index = openIndex();
    private IndexCounter _counter = new();
    private Task<IndexReport>? _refresh;

    public async ValueTask<Refreshed> AnswerAsync(
        Refresh request, AgentContext context, CancellationToken cancellationToken)
    {
        if (_refresh is null)
        {
            IndexCounter counter = _counter = new IndexCounter();
            _refresh = Task.Run(
                () => _index.Refresh(counter, CancellationToken.None), CancellationToken.None);
        }

        try
        {
            IndexReport report = await _refresh.WaitAsync(Step, cancellationToken).ConfigureAwait(true);
            _refresh = null;
            return new Refreshed(report.Updated, report.Updated, report, null);
        }
        catch (TimeoutException)
        {
            return new Refreshed(_counter.Done, _counter.Total, null, null);
        }
        catch (VaultException failure)
        {
            _refresh = null;
            return new Refreshed(0, 0, null, failure.Message);
        }
        catch (OperationCanceledException)
        {
            return new Refreshed(_counter.Done, _counter.Total, null, Interrupted);
        }
    }

    public async ValueTask<Sought> AnswerAsync(
        Search request, AgentContext context, CancellationToken cancellationToken)
    {
        beforeSearch?.Invoke(request.Question);
        try
        {
            Question question = Question.Parse(request.Question);
            return new Sought(await Task.Run(
                () => _index.Search(question, cancellationToken), cancellationToken)
                .ConfigureAwait(true), null);
        }
        catch (VaultException failure)
        {
            return new Sought(null, failure.Message);
        }
        catch (OperationCanceledException)
        {
            return new Sought(null, Interrupted);
        }
    }

    /// <summary>Lets go of the index when the work under way is over; that must not hold up the
    /// core.</summary>
    protected override void OnStop(ExitReason reason) => _index.BeginDispose();
}

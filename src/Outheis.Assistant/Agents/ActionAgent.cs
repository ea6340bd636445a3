namespace Outheis.Assistant;

/// <summary>Saves answers, on request, into the one folder it holds. Nothing else of the team can write
/// there.</summary>
internal sealed class ActionAgent(OutputFolder folder) : Agent, IAnswerAsync<Save, Saved>
{
    public async ValueTask<Saved> AnswerAsync(
        Save request, AgentContext context, CancellationToken cancellationToken)
    {
        try
        {
            return new Saved(await Task.Run(
                () => folder.Save(request.Name, request.Content), CancellationToken.None)
                .ConfigureAwait(true), null);
        }
        catch (VaultException failure)
        {
            return new Saved(null, failure.Message);
        }
    }
}

namespace Outheis.Testing;

/// <summary>
/// What the agent under test is given in a replay: the capabilities that it had, to stand-ins that bear the names of
/// those that it knew. They take everything; what was asked they answer as the journal says.
/// </summary>
public readonly struct ReplayEndowment
{
    private readonly ReplayStage _stage;
    private readonly Endowment _endowment;

    internal ReplayEndowment(ReplayStage stage, Endowment endowment) => (_stage, _endowment) = (stage, endowment);

    /// <summary>The clock for an agent that takes one.</summary>
    public TimeProvider Time => _stage.Simulation.ApplicationTime;

    /// <summary>Lets the agent send to the stand-in of somebody; the agent itself included, if it sends to
    /// itself.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="target">Its name in the recorded run.</param>
    /// <param name="rights">As it had.</param>
    /// <param name="badge">As it had.</param>
    public Capability<T> Grant<T>(string target, Rights rights = Rights.Send, ulong badge = 0) =>
        _endowment.Grant<T>(_stage.StandIn<T>(target), rights, badge);

    /// <summary>Lets the agent ask the stand-in of somebody.</summary>
    /// <typeparam name="TRequest">The request type.</typeparam>
    /// <typeparam name="TReply">The reply type.</typeparam>
    /// <param name="target">Its name in the recorded run.</param>
    /// <param name="badge">As it had.</param>
    public AskCapability<TRequest, TReply> GrantAsk<TRequest, TReply>(string target, ulong badge = 0) =>
        _endowment.GrantAsk<TRequest, TReply>(_stage.StandIn<TRequest, TReply>(target), badge: badge);
}

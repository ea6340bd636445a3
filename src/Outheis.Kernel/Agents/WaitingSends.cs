namespace Outheis;

/// <summary>An agent's sends that wait for room and were given their turn's token: they end with it, and need no
/// registration. The agent's core only; a turn has few of them at a time.</summary>
internal struct WaitingSends
{
    private AgentSend? _newest;

    public void Add(AgentSend send) => (send.NextOfTurn, _newest) = (_newest, send);

    public void Remove(AgentSend send)
    {
        ref AgentSend? link = ref _newest;
        while (link is not null && !ReferenceEquals(link, send))
        {
            link = ref link.NextOfTurn;
        }

        (link, send.NextOfTurn) = (send.NextOfTurn, null);
    }

    /// <summary>The token fired, or the incarnation ended.</summary>
    public void WithdrawAll()
    {
        while (_newest is { } send)
        {
            send.Withdraw();      // takes itself out
        }
    }
}

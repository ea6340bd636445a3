namespace Outheis.Supervision;

/// <summary>
/// Restarts the agents that were spawned with it as their supervisor, each for itself (one-for-one, OT-44),
/// until they fail more often than <see cref="SupervisorOptions.Intensity"/> allows; then it ends all of
/// them, the youngest first, and itself with <see cref="ExitReason.Shutdown"/>, which its own supervisor
/// hears of (OT-48). There is no restart delay (OT-46).
/// </summary>
/// <remarks>An agent like any other: it holds no capability, and may restart exactly the agents it
/// supervises.</remarks>
/// <param name="options">Default: OTP's.</param>
public sealed class Supervisor(SupervisorOptions? options = null) : Agent, IHandle<ChildStarted>, IHandle<ExitSignal>
{
    private readonly SupervisorOptions _options = options ?? new SupervisorOptions();
    private readonly RestartWindow _restarts = new((options ?? new SupervisorOptions()).Period);
    private readonly List<AgentId> _children = [];      // in start order

    /// <inheritdoc/>
    public void Handle(in ChildStarted message, Context context)
    {
        if (!_children.Contains(message.Agent))
        {
            _children.Add(message.Agent);
        }
    }

    /// <inheritdoc/>
    public void Handle(in ExitSignal message, Context context)
    {
        if (message.IsFinal)
        {
            _children.Remove(message.Agent);
            return;
        }

        int recent = _restarts.CountAt(context.Uptime);
        switch (Decision.On(_options.Restart, message.Reason.Kind, recent, _options.Intensity))
        {
            case Verdict.Restart:
                _restarts.Add(context.Uptime);
                context.Restart(message.Agent);
                break;
            case Verdict.Forget:
                _children.Remove(message.Agent);
                context.StopChild(message.Agent);
                break;
            default:
                StopAll(context);
                break;
        }
    }

    private void StopAll(Context context)
    {
        for (int i = _children.Count - 1; i >= 0; i--)
        {
            context.StopChild(_children[i]);
        }

        _children.Clear();
        context.Stop(ExitReason.Shutdown);
    }
}

namespace Outheis.Coyote;

/// <summary>
/// Two outside threads send to a channel of one message and wait for room (<see cref="HostSend{T}"/>), while its core
/// handles and goes to sleep: INV-01, INV-08. A send that waits beside free room is a deadlock.
/// </summary>
internal sealed class HostSendWaitsForRoom : Scenario, IDisposable
{
    private const int Messages = 3;

    private readonly StillKernel _world = new(cores: 1);
    private readonly Counting _agent = new();
    private readonly Capability<long> _right;
    private readonly List<ValueTask<SendResult>> _sends = [];

    public HostSendWaitsForRoom()
    {
        AgentCell cell = _world.Spawn(_agent, core: 0, capacity: 1);
        _right = _world.Kernel.Grant<long>(cell.Id);
    }

    public override void Run() => Together(
        () => _world.Drive(_world.CoreAt(0), () => _agent.Handled == Messages),
        () =>
        {
            Send();
            Send();
        },
        Send);

    // A send is accepted before its task is done, so that need not be.
    public override void Check() => Claim(
        _agent.Handled == Messages && !_sends.Exists(static sent => sent.IsFaulted), "INV-01: three were sent");

    public void Dispose() => _world.Dispose();

    private void Send()
    {
        ValueTask<SendResult> sent = _right.SendAsync(1);
        lock (_sends)
        {
            _sends.Add(sent);
        }
    }
}

namespace Outheis.Coyote;

/// <summary>
/// The host revokes a capability while one of its threads sends through it: INV-12, fences 9 and 10, the fence of
/// <see cref="Revocation"/>. Once the revocation is done the core takes in nothing more that was sent through it, and
/// what was accepted before is handled (INV-01).
/// </summary>
internal sealed class RevokeAgainstHostSend : Scenario, IDisposable
{
    private const int Passes = 4;

    private readonly StillKernel _world = new(cores: 1);
    private readonly Counting _agent = new();
    private readonly AgentCell _cell;
    private readonly Capability<long> _right;
    private Task? _revocation;
    private int _sent;
    private int _acceptedAtEnd = -1;      // of the revocation, if the core saw that

    public RevokeAgainstHostSend()
    {
        _cell = _world.Spawn(_agent, core: 0);
        _right = _world.Kernel.Grant<long>(_cell.Id);
    }

    public override void Run() => Together(
        () =>
        {
            Send();
            Send();
        },
        () => Volatile.Write(ref _revocation, _world.Kernel.RevokeAsync(_right)),
        () =>
        {
            for (int passes = 0; passes < Passes; passes++)
            {
                if (_acceptedAtEnd < 0 && Volatile.Read(ref _revocation) is { IsCompleted: true })
                {
                    _acceptedAtEnd = _agent.Handled + _cell.Inbox.Count;
                }

                StillKernel.Pass(_world.CoreAt(0));
            }
        });

    public override void Check()
    {
        _world.RunUntilQuiet();
        int accepted = _acceptedAtEnd < 0 ? _agent.Handled : _acceptedAtEnd;
        Claim(_agent.Handled == accepted, "INV-12: a message came in after its right was revoked");
        Claim(_agent.Handled == _sent, $"INV-01: {_sent} sent, {_agent.Handled} handled");
        Claim(_right.Send(0) == SendResult.Revoked, "INV-12: it is revoked");
    }

    public void Dispose() => _world.Dispose();

    private void Send()
    {
        bool isRevoked = Volatile.Read(ref _revocation) is { IsCompleted: true };
        SendResult sent = _right.Send(_sent + 1);
        Claim(sent is SendResult.Sent or SendResult.Revoked, $"{sent}");
        Claim(!isRevoked || sent == SendResult.Revoked, "INV-12: a send after the revocation was accepted");
        _sent += sent == SendResult.Sent ? 1 : 0;
    }
}

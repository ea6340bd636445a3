namespace Outheis.Coyote;

/// <summary>
/// A core found the ring to another core full, keeps the rest and goes to sleep; the other drains the ring and wakes
/// it: LW-22, LW-23, INV-04, INV-08 over <see cref="CoreRing"/> and the outbox. A core that sleeps beside free slots is
/// a deadlock.
/// </summary>
internal sealed class FullRingGoesOn : Scenario, IDisposable
{
    private const int Messages = Limits.RingSlots + 2;

    private readonly StillKernel _world = new(cores: 2);
    private readonly Counting _second = new();

    public FullRingGoesOn()
    {
        var first = new Counting();
        AgentCell from = _world.Spawn(first, core: 0);
        AgentCell to = _world.Spawn(_second, core: 1);
        first.Next = _world.Kernel.GrantTo<long>(from.Id, to.Id);
        Capability<long> right = _world.Kernel.Grant<long>(from.Id);
        for (long i = 1; i <= Messages; i++)
        {
            Claim(right.Send(i) == SendResult.Sent, "there is room");
            StillKernel.Pass(_world.CoreAt(0));
        }

        StillKernel.Pass(_world.CoreAt(1));      // makes some room, but not enough to go on
        Claim(!IsOver(), "the ring was full");
    }

    // The receiver makes just enough room and then nothing more: no later wake makes up for a lost one.
    public override void Run() => Together(
        () => _world.Drive(_world.CoreAt(0), IsOver),
        () => StillKernel.Pass(_world.CoreAt(1)));

    public override void Check()
    {
        _world.RunUntilQuiet();
        Claim(_second is { Handled: Messages, HasFailed: false }, "INV-01, INV-02: all arrives in order");
    }

    public void Dispose() => _world.Dispose();

    private bool IsOver() => _world.CoreAt(0).Out[1]!.Sent == Messages;
}

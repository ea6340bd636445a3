namespace Outheis.Coyote;

/// <summary>
/// Other cores look whether an ask is current while its core answers it, recycles its slot and makes the table longer:
/// <see cref="ReplyTable.IsCurrent"/>, releases 7 and 8, OT-10. A pending ask is current at every moment; one that is
/// over never again.
/// </summary>
internal sealed class ReplyTableGrows : Scenario, IDisposable
{
    private const int ShortTable = 64;
    private const int Looks = 3;

    private readonly StillKernel _world = new(cores: 1);
    private readonly AgentContext _asker;
    private readonly AgentCell _callee;
    private readonly ReplySlot<int>[] _slots;
    private readonly ulong _pending;
    private readonly ulong _ending;
    private bool _isOver;

    public ReplyTableGrows()
    {
        _callee = _world.Spawn(new Counting(), core: 0);
        _asker = new AgentContext(_callee);
        _slots = [.. Enumerable.Range(0, ShortTable).Select(_ => Rent())];
        (_pending, _ending) = (_slots[1].Correlate(0), _slots[0].Correlate(0));
    }

    private ReplyTable Replies => _world.CoreAt(0).Replies;

    public override void Run() => Together(
        () =>
        {
            _world.CoreAt(0).Enter();      // whose table it is
            ReplySlot<int> more = Rent();
            Claim(Replies.IsCurrent(more.Correlate(0)), "a new ask is current");
            Claim(Replies.Complete(_ending, 5) && _slots[0].GetResult(_slots[0].TaskToken) == 5, "its reply came");
            Volatile.Write(ref _isOver, true);
            Claim(ReferenceEquals(Rent(), _slots[0]), "the slot is used again");
            Claim(!Replies.Complete(_ending, 6), "OT-10: a late reply answered the next ask");
            Core.Leave();
        },
        LookOn,
        LookOn);

    public void Dispose() => _world.Dispose();

    private void LookOn()
    {
        for (int i = 0; i < Looks; i++)
        {
            Claim(Replies.IsCurrent(_pending), "an ask that waits was not current");
            bool isOver = Volatile.Read(ref _isOver);
            Claim(!(Replies.IsCurrent(_ending) && isOver), "INV-07: an ask that is over was current");
        }
    }

    private ReplySlot<int> Rent() => Replies.Rent<int>(_asker, _callee, long.MaxValue)!;
}

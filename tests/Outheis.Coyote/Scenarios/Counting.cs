namespace Outheis.Coyote;

/// <summary>Counts what it is sent, and passes it on if it was given to whom.</summary>
internal sealed class Counting : Agent, IHandle<long>
{
    private int _handled;

    public Capability<long> Next { get; set; }

    public int Handled => Volatile.Read(ref _handled);

    /// <summary>Messages came out of order or were not passed on.</summary>
    public bool HasFailed { get; private set; }

    public void Handle(in long message, Context context)
    {
        HasFailed |= message != _handled + 1;
        Volatile.Write(ref _handled, _handled + 1);
        if (Next.Id != 0 && context.Send(Next, message) != SendResult.Sent)
        {
            HasFailed = true;
        }
    }
}

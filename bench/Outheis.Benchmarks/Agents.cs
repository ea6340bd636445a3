namespace Outheis.Benchmarks;

internal sealed class SinkAgent(Action<long> receive) : Agent, IHandle<long>
{
    public void Handle(in long message, Context context) => receive(message);
}

/// <summary>Sends 1 to n to its sink when told n.</summary>
internal sealed class SourceAgent(Capability<long> sink) : Agent, IHandle<long>
{
    public void Handle(in long message, Context context)
    {
        for (long n = 1; n <= message; n++)
        {
            SendResult sent = context.Send(sink, n);
            if (sent != SendResult.Sent) throw new InvalidOperationException($"a send ended in {sent}");
        }
    }
}

internal sealed class AnswerAgent : Agent, IAnswer<long, long>
{
    public long Answer(in long request, Context context) => request + 1;
}

internal sealed class StillAgent : Agent;

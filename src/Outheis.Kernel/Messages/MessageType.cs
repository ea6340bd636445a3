namespace Outheis;

/// <summary>What it takes to make a message again from its record: reads the payload, finds the handler's
/// route.</summary>
internal abstract unsafe class MessageType
{
    /// <summary>As in Schema records.</summary>
    public abstract string Name { get; }

    /// <summary>The route to the agent's handler; null: it has none, or two.</summary>
    /// <param name="agent">Who is to have it.</param>
    /// <param name="isRequest">Somebody waits, or waited, for a reply.</param>
    public abstract Route? RouteTo(Agent agent, bool isRequest);

    /// <summary>Whether the bytes that a journal has of it are the message itself.</summary>
    public abstract bool IsRaw(JournalType type);

    /// <summary>As <see cref="TryFill"/>, of bytes that are the message itself. False: they are not.</summary>
    public abstract bool TryFillRaw(ReadOnlySpan<byte> payload, Message* cell, out object? reference);

    /// <summary>Writes the message into a cell; what travels beside it is the caller's to lay there. False: the payload
    /// is no such message.</summary>
    public abstract bool TryFill(MessageCodecs codecs, JournalEntry entry, Message* cell, out object? reference);
}

internal sealed unsafe class MessageType<T> : MessageType
{
    public static readonly MessageType<T> Instance = new();

    private Func<Agent, Route?>[] _answers = [];      // one per reply type; written under the registry's lock

    public override string Name => MessageLayout.NameOf<T>();

    public void AddAnswer(Func<Agent, Route?> route) => _answers = [.. _answers, route];

    public override Route? RouteTo(Agent agent, bool isRequest)
    {
        if (isRequest)
        {
            return _answers.Select(answer => answer(agent)).FirstOrDefault(static route => route is not null);
        }

        return (agent is IHandle<T>, agent is IHandleAsync<T>) switch
        {
            (true, false) => HandleRoute<T>.Instance,
            (false, true) => HandleAsyncRoute<T>.Instance,
            _ => null,
        };
    }

    public override bool IsRaw(JournalType type) =>
        Carriage<T>.IsRaw && type.Schema.Encoding == PayloadEncoding.Raw
        && type.Schema.Version == (MessageLayout.Of<T>()?.Version ?? 1);

    public override bool TryFillRaw(ReadOnlySpan<byte> payload, Message* cell, out object? reference)
    {
        reference = null;
        if (!Carriage<T>.IsRaw || payload.Length != System.Runtime.CompilerServices.Unsafe.SizeOf<T>())
        {
            return false;
        }

        Fill(System.Runtime.CompilerServices.Unsafe.ReadUnaligned<T>(in payload[0]), cell, out reference);
        return true;
    }

    public override bool TryFill(MessageCodecs codecs, JournalEntry entry, Message* cell, out object? reference)
    {
        reference = null;
        if (!codecs.TryRead(entry, out T message))
        {
            return false;
        }

        Fill(message, cell, out reference);
        return true;
    }

    private static void Fill(T message, Message* cell, out object? reference)
    {
        reference = null;
        cell->PayloadBytes = (byte)Carriage<T>.InlineBytes;
        cell->Flags |= Carriage<T>.Flags;
        if (Carriage<T>.IsInline)
        {
            System.Runtime.CompilerServices.Unsafe.WriteUnaligned(&cell->Payload, message);
        }
        else
        {
            reference = Carriage<T>.Wrap(in message);
        }
    }
}

/// <summary>The message types of this process that can be made again from a journal. Any thread.</summary>
internal static class MessageTypes
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<MessageType> Known = [];      // gate
    private static Dictionary<string, MessageType>? s_byName;     // gate; null: to be made anew

    public static void Add<T>()
    {
        lock (Gate)
        {
            if (Known.Add(MessageType<T>.Instance))
            {
                s_byName = null;
            }
        }
    }

    public static void AddRequest<TRequest, TReply>()
    {
        Add<TRequest>();
        lock (Gate)
        {
            if (!AskType<TRequest, TReply>.IsKnown)
            {
                AskType<TRequest, TReply>.IsKnown = true;
                MessageType<TRequest>.Instance.AddAnswer(AskType<TRequest, TReply>.RouteTo);
            }
        }
    }

    /// <summary>The type of that name; null: this program did not say that it has one.</summary>
    public static MessageType? Find(string? name)
    {
        lock (Gate)
        {
            if (s_byName is null)
            {
                s_byName = [];
                foreach (MessageType type in Known)
                {
                    s_byName[type.Name] = type;
                }
            }

            return name is null ? null : s_byName.GetValueOrDefault(name);
        }
    }

    private static class AskType<TRequest, TReply>
    {
        public static bool IsKnown;

        public static Route? RouteTo(Agent agent) =>
            (agent is IAnswer<TRequest, TReply>, agent is IAnswerAsync<TRequest, TReply>) switch
            {
                (true, false) => AnswerRoute<TRequest, TReply>.Instance,
                (false, true) => AnswerAsyncRoute<TRequest, TReply>.Instance,
                _ => null,
            };
    }
}

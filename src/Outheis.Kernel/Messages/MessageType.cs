using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>What it takes to make a message again from its record: reads the payload, finds the handler's
/// route.</summary>
internal abstract unsafe class MessageType
{
    /// <summary>As in Schema records.</summary>
    public abstract string Name { get; }

    /// <summary>As in Schema records.</summary>
    public abstract int Version { get; }

    /// <summary>The route to the agent's handler; null: it has none, or two.</summary>
    /// <param name="agent">Who is to have it.</param>
    /// <param name="isRequest">Somebody waits, or waited, for a reply.</param>
    public abstract Route? RouteTo(Agent agent, bool isRequest);

    /// <summary>Writes the message into a cell; what travels beside it is the caller's to lay there. Null: done;
    /// otherwise why the payload is no such message.</summary>
    public abstract string? Fill(MessageCodecs codecs, JournalEntry entry, Message* cell, out object? reference);

    /// <summary>Whether the bytes that a journal has of it are the message itself.</summary>
    public abstract bool IsRaw(JournalType type);

    /// <summary>As Fill, of bytes that are the message itself.</summary>
    public abstract void FillRaw(ReadOnlySpan<byte> payload, Message* cell, out object? reference);
}

internal sealed unsafe class MessageType<T> : MessageType
{
    public static readonly MessageType<T> Instance = new();

    private Func<Agent, Route?>[] _answers = [];      // one per reply type; written under the registry's lock

    public override string Name => MessageLayout.NameOf<T>();

    public override int Version => MessageLayout.VersionOf<T>();

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

    public override string? Fill(MessageCodecs codecs, JournalEntry entry, Message* cell, out object? reference)
    {
        reference = null;
        string? reason = codecs.Read(entry, out T message);
        if (reason is null)
        {
            Fill(in message, cell, out reference);
        }

        return reason;
    }

    public override bool IsRaw(JournalType type) =>
        Carriage<T>.IsRaw && type.Schema.Encoding == PayloadEncoding.Raw && type.Schema.Version == Version
        && type.Schema.PayloadBytes == Unsafe.SizeOf<T>() && type.Fits(MessageLayout.Of<T>());

    public override void FillRaw(ReadOnlySpan<byte> payload, Message* cell, out object? reference)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(payload.Length, Unsafe.SizeOf<T>());
        Fill(Unsafe.ReadUnaligned<T>(in payload[0]), cell, out reference);
    }

    private static void Fill(in T message, Message* cell, out object? reference)
    {
        reference = null;
        cell->PayloadBytes = (byte)Carriage<T>.InlineBytes;
        cell->Flags |= Carriage<T>.Flags;
        if (Carriage<T>.IsInline)
        {
            Unsafe.WriteUnaligned(&cell->Payload, message);
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

    // gate
    private static readonly HashSet<MessageType> Known =
        [MessageType<ExitSignal>.Instance, MessageType<ChildStarted>.Instance, MessageType<OffloadFailed>.Instance];

    // gate; null: to be made anew
    private static Dictionary<string, MessageType[]>? s_byName;

    /// <summary>Also when its layout is another one from now on.</summary>
    public static void Add<T>()
    {
        lock (Gate)
        {
            Known.Add(MessageType<T>.Instance);
            s_byName = null;
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

    /// <summary>The types of that name, the newest version first; empty: this program did not say that it has
    /// one.</summary>
    public static IReadOnlyList<MessageType> Find(string? name)
    {
        lock (Gate)
        {
            s_byName ??= Known.GroupBy(static type => type.Name, StringComparer.Ordinal).ToDictionary(
                static same => same.Key, static same => same.OrderByDescending(static type => type.Version).ToArray(),
                StringComparer.Ordinal);
            return name is null ? [] : s_byName.GetValueOrDefault(name, []);
        }
    }

    private static class AskType<TRequest, TReply>
    {
        public static bool IsKnown;

        public static Route? RouteTo(Agent agent) =>
            (agent is IAnswer<TRequest, TReply>, agent is IAnswerAsync<TRequest, TReply>,
                agent is IProduce<TRequest, TReply>) switch
            {
                (true, false, false) => AnswerRoute<TRequest, TReply>.Instance,
                (false, true, false) => AnswerAsyncRoute<TRequest, TReply>.Instance,
                (false, false, true) => StreamRoute<TRequest, TReply>.Instance,
                _ => null,
            };
    }
}

using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>
/// Numbered messages of every kind from many senders to many receivers. Each sender numbers what it sends to each
/// receiver; a receiver tells senders apart by badge and writes down what was not next.
/// </summary>
internal sealed class Traffic(Kernel kernel, int receivers, int messagesEach)
{
    private readonly Sink[] _sinks = new Sink[receivers];
    private readonly AgentId[] _ids = new AgentId[receivers];
    private readonly List<Source> _sources = [];

    public void SpawnSink(int index, int core, int capacity, Qos qos = Qos.Default)
    {
        _sinks[index] = new Sink(capacity);
        _ids[index] = kernel.Spawn(_sinks[index], core, capacity, qos: qos);
    }

    /// <summary>A sender whose capabilities belong to an agent, or to the host.</summary>
    public Source AddSource(int seed, AgentId? holder)
    {
        ulong badge = (ulong)_sources.Count + 1;
        MessageWays[] ways = [.. _ids.Select(id => holder is { } agent
            ? MessageWays.OfAgent(kernel, agent, id, badge)
            : MessageWays.OfHost(kernel, id, badge))];
        var source = new Source(seed, ways, messagesEach);
        _sources.Add(source);
        return source;
    }

    /// <summary>Has an agent send bursts, a turn each, until it is through.</summary>
    public void StartAgent(int seed, int core, Qos qos = Qos.Default)
    {
        AgentId agent = kernel.Spawn(new Puppet(), core, qos: qos);
        Source source = AddSource(seed, agent);
        Capability<Do> again = kernel.GrantTo<Do>(agent, agent);
        kernel.Do(agent, Turn);

        void Turn(Context context)
        {
            source.Burst(context);
            if (!source.IsThrough)
            {
                Assert.Equal(SendResult.Sent, context.Send(again, new Do(Turn)));
            }
        }
    }

    public bool IsThrough => _sources.All(source => source.IsThrough) && _sinks.Sum(sink => sink.Received) == Sent;

    public long Sent => _sources.Sum(source => source.SentCount);

    public void AssertOrdered(string seed)
    {
        Assert.All(_sinks, sink => Assert.True(sink.Error is null, $"{sink.Error} {seed}"));
        Assert.All(_sources, source => Assert.True(source.Error is null, $"{source.Error} {seed}"));
        Assert.True(Sent == _sinks.Sum(sink => sink.Received), $"sent {Sent} {seed}");
    }

    internal sealed class Source(int seed, MessageWays[] ways, int count)
    {
        private static readonly CarriageKind[] Kinds = Enum.GetValues<CarriageKind>();

        private readonly Random _random = new(seed);
        private readonly long[] _next = new long[ways.Length];
        private int _sent;

        public string? Error { get; private set; }

        public long SentCount => Volatile.Read(ref _sent);

        public bool IsThrough => SentCount == count;

        /// <summary>A few sends of an agent, until its burst is over or a channel is full.</summary>
        public void Burst(Context context)
        {
            for (int i = _random.Next(1, 100); i > 0 && !IsThrough; i--)
            {
                int to = _random.Next(ways.Length);
                if (!Note(to, ways[to].Send(NextFor(to), context)))
                {
                    return;
                }
            }
        }

        /// <summary>One send of the host. False when the channel is full.</summary>
        public bool SendFromHost()
        {
            int to = _random.Next(ways.Length);
            return Note(to, ways[to].Send(NextFor(to)));
        }

        private NumberedMessage NextFor(int to) => new(Kinds[_random.Next(Kinds.Length)], _next[to]);

        private bool Note(int to, SendResult sent)
        {
            if (sent == SendResult.Sent)
            {
                _next[to]++;
                Volatile.Write(ref _sent, _sent + 1);
                return true;
            }

            Error ??= sent == SendResult.Full ? null : $"a send was {sent}";
            return false;
        }
    }

    private sealed class Sink(int capacity) : MessageReceiver
    {
        private readonly Dictionary<ulong, long> _next = [];
        private long _received;

        public string? Error { get; private set; }

        public long Received => Volatile.Read(ref _received);

        protected override void OnMessage(NumberedMessage numbered, Context context)
        {
            long expected = _next.GetValueOrDefault(context.Badge);
            _next[context.Badge] = expected + 1;
            AgentCell self = Core.OfThisThread!.Running!;
            Error ??= numbered.Number != expected ? $"sender {context.Badge}: {numbered} came instead of {expected}"
                : self.Inbox.Count > capacity ? $"{self.Inbox.Count} wait in a channel of {capacity}" : null;
            Volatile.Write(ref _received, _received + 1);
        }

        protected override void OnDamaged(NumberedMessage numbered, Context context)
        {
            Error ??= $"{numbered} was damaged";
            OnMessage(numbered, context);
        }
    }
}

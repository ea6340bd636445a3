using Outheis.Supervision;
using Xunit;

namespace Outheis.Tests.Replay;

public readonly record struct Job(long Number);

public readonly record struct Done(long Number, ulong Hash);

public readonly record struct Silence(long Number);

public readonly record struct Calm(long Number);

/// <summary>A timer says it; a durable one, or one of the incarnation.</summary>
public readonly record struct Ring(long Number, bool IsDurable);

public readonly record struct Hashes(
    ulong Hash, long Count, long TimedOut, long Bought, long Rung, long Ticked, long Newest, long Overtaken);

/// <summary>Hashes the order in which it took things, the time, chance, what timers said, and what it was answered and
/// sold; fails at one message, which arms timers, too.</summary>
public sealed class Worker(Capability<Done> to, AskCapability<Silence, Calm> silent, Func<long> buy)
    : DurableAgent<Hashes>(default), IHandle<Job>, IHandle<Ring>, IHandleAsync<Silence>
{
    public const long Failing = 24_571;

    private const long ArmsEvery = 1021, Keys = 7;

    public void Handle(in Job message, Context context)
    {
        ulong time = message.Number % 16 == 0 ? (ulong)context.UtcNow.UtcTicks ^ context.NextRandom() : 0;
        ulong hash = Mix(State.Hash, (ulong)message.Number ^ time);
        context.Send(to, new Done(message.Number, hash));
        if (message.Number % ArmsEvery == Failing % ArmsEvery)
        {
            Arm(message.Number, context);
        }

        if (message.Number == Failing && !context.IsRedelivered)
        {
            throw new InvalidOperationException("the first time");
        }

        State = State with
        {
            Hash = hash,
            Count = State.Count + 1,
            Newest = Math.Max(State.Newest, message.Number),
            Overtaken = State.Overtaken + (message.Number < State.Newest ? 1 : 0),
        };
    }

    public void Handle(in Ring message, Context context) => State = State with
    {
        Hash = Mix(State.Hash, (ulong)message.Number ^ (message.IsDurable ? 1ul << 40 : 1ul << 41)),
        Rung = State.Rung + (message.IsDurable ? 1 : 0),
        Ticked = State.Ticked + (message.IsDurable ? 0 : 1),
    };

    // Some take the place of one that still waits, some are taken back, one comes again and again.
    private static void Arm(long number, Context context)
    {
        context.After(TimeSpan.FromMilliseconds(1), new Ring(number, IsDurable: false));
        var ring = new Ring(number, IsDurable: true);
        ArmResult armed = context.ArmAfter($"{number % Keys}", TimeSpan.FromMilliseconds(2), ring);
        ArmResult beats = context.ArmEvery("beat", TimeSpan.FromMilliseconds(3), ring);
        if (armed != ArmResult.Armed || beats != ArmResult.Armed)
        {
            throw new InvalidOperationException($"{armed} {beats}");
        }

        if (number % 3 == 0)
        {
            context.Disarm($"{(number + 1) % Keys}");
        }
    }

    public async ValueTask HandleAsync(Silence message, AgentContext context, CancellationToken cancellationToken)
    {
        try
        {
            await context.AskAsync(silent, message, TimeSpan.FromMilliseconds(20));
        }
        catch (AskException failure) when (failure.Outcome == AskOutcome.TimedOut)
        {
            State = State with { TimedOut = State.TimedOut + 1 };
        }

        Effect<long> bought = await context.EffectAsync("buy", (_, _) => ValueTask.FromResult(buy()));
        State = State with { Bought = State.Bought + bought.Required, Hash = Mix(State.Hash, (ulong)bought.Required) };
    }

    public static ulong Mix(ulong hash, ulong value) => (hash ^ value) * 0x9E3779B97F4A7C15 + (hash >> 29);
}

/// <summary>Hands out jobs as long as there are any, some by the priority lane, and hashes what comes back, in the
/// order of its coming.</summary>
public sealed class Foreman : Agent, IHandle<Done>, IHandle<Job>
{
    private const int UrgentEvery = 61;

    private readonly List<(Capability<Job> Ordinary, Capability<Job> Urgent)> _workers = [];
    private readonly long _jobs;
    private long _next;

    // What a failed attempt has sent stays sent: one comes twice.
    public Foreman(long jobs) => (_jobs, Left) = (jobs, jobs + 1);

    public TaskCompletionSource IsDone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ulong Hash { get; private set; }

    public long Left { get; private set; }

    public Foreman With(IEnumerable<(Capability<Job> Ordinary, Capability<Job> Urgent)> workers)
    {
        _workers.AddRange(workers);
        return this;
    }

    public void Handle(in Job message, Context context)
    {
        for (int i = 0; i < message.Number; i++)
        {
            Next(context);
        }
    }

    public void Handle(in Done message, Context context)
    {
        Hash = Worker.Mix(Hash, message.Hash ^ (ulong)context.Sender.Value);
        if (--Left == 0)
        {
            IsDone.SetResult();
        }

        Next(context);
    }

    private void Next(Context context)
    {
        (Capability<Job> ordinary, Capability<Job> urgent) = _workers[(int)(_next % _workers.Count)];
        Capability<Job> to = _next % UrgentEvery == 0 ? urgent : ordinary;
        if (_next < _jobs && context.Send(to, new Job(_next)) == SendResult.Sent)
        {
            _next++;
        }
    }
}

public sealed class Mute : Agent, IAnswerAsync<Silence, Calm>
{
    public async ValueTask<Calm> AnswerAsync(Silence request, AgentContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(
            ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        return default;
    }
}

/// <summary>Replay equals live: a million messages on several cores, then once more without them.</summary>
public sealed class ReplayProofTests : IDisposable
{
    private const long Jobs = 500_000;      // two messages each
    private const int Workers = 4, Window = 256, Silences = 8;

    private static readonly MessageCodecs Codecs = new MessageCodecs()
        .Add<Job>().Add<Done>().Add<Silence>().Add<Ring>().AddRequest<Silence, Calm>();

    private readonly string _directory = Directory.CreateTempSubdirectory("outheis-replay-").FullName;
    private readonly Worker[] _newest = new Worker[Workers];      // incarnations
    private AgentId[] _workers = [];
    private AgentId _chief;
    private Foreman _foreman = null!;
    private long _bought;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void SpawnAll(Kernel kernel)
    {
        int cores = kernel.ListCores().Count;
        AgentId supervisor = kernel.Spawn("supervisor", static () => new Supervisor());
        AgentId mute = kernel.Spawn("mute", static () => new Mute(), new SpawnOptions { Core = 0 });
        var foreman = new Foreman(Jobs);
        AgentId chief = kernel.Spawn("foreman", () => foreman, new SpawnOptions { Core = 0, Qos = Qos.Utility });
        AgentId[] workers = [.. Enumerable.Range(0, Workers).Select(i => kernel.Spawn(
            $"worker {i}",
            who => _newest[i] = new Worker(
                who.Grant<Done>(chief), who.GrantAsk<Silence, Calm>(mute), () => Interlocked.Increment(ref _bought)),
            new SpawnOptions { Supervisor = supervisor, Core = i % cores, Qos = (Qos)(i % 5) }))];
        foreman.With(workers.Select(worker => (
            kernel.GrantTo<Job>(chief, worker),
            kernel.GrantTo<Job>(chief, worker, Rights.Send | Rights.Priority))));
        (_foreman, _chief, _workers) = (foreman, chief, workers);
    }

    private async Task Live()
    {
        Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = 2, Pin = false, JournalDirectory = _directory, Codecs = Codecs, RecordInputs = true,
        });
        SpawnAll(kernel);
        await kernel.Grant<Job>(_chief).SendAsync(new Job(Window), TestContext.Current.CancellationToken);
        for (int i = 0; i < Silences; i++)
        {
            await kernel.Grant<Silence>(_workers[i % Workers])
                .SendAsync(new Silence(i), TestContext.Current.CancellationToken);
        }

        await _foreman.IsDone.Task.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        StopReport report = await kernel.StopAsync(TimeSpan.FromMinutes(2));
        Assert.True(report.Drained, string.Join(", ", report.Undrained));
        Assert.Equal(0, _foreman.Left);
    }

    private JournalReplay Replay() =>
        JournalReplay.Open(_directory, SpawnAll, new ReplayOptions { Codecs = Codecs });

    [Fact]
    public async Task Replay_OfAMillionMessages_EqualsLiveAndFindsOneChangedByte()
    {
        await Live();
        Hashes[] states = [.. _newest.Select(static worker => worker.State)];
        (ulong hash, long bought) = (_foreman.Hash, _bought);
        Assert.Equal(Jobs, states.Sum(static state => state.Count));
        Assert.Equal(Silences, states.Sum(static state => state.TimedOut));
        Assert.Equal(Silences, bought);
        Assert.All(states, static state =>
            Assert.True(state.Rung > 10 && state.Ticked > 10 && state.Overtaken > 100, $"{state}"));
        using (JournalReplay replay = Replay())
        {
            ReplayReport report = replay.Run();
            Assert.Null(report.Divergence);
            Assert.Equal(states, Enumerable.Range(0, Workers).Select(i => replay.StateOf<Hashes>($"worker {i}")));
            Assert.Equal((hash, bought), (_foreman.Hash, _bought));
            Assert.Equal(["mute"], report.NotReplayed.Keys);
            Assert.True(report.Agents["supervisor"] > Workers, $"{report}");
            Assert.True(report.Turns > 2 * Jobs, $"{report}");
        }

        long changed = ChangeAByteOf(Jobs / 3);
        using JournalReplay again = Replay();
        ReplayDivergence found = Assert.IsType<ReplayDivergence>(again.Run().Divergence);
        Assert.Equal(changed, found.Position);
        Assert.Contains($"\"Number\":{Jobs / 3},", found.Recorded, StringComparison.Ordinal);
        Assert.Contains($"\"Number\":{Jobs / 3},", found.Replayed, StringComparison.Ordinal);
        Assert.NotEqual(found.Recorded, found.Replayed);
    }

    // With a checksum that is right again: somebody meant to.
    private unsafe long ChangeAByteOf(long number)
    {
        long position = 0;
        using (JournalReader reader = JournalReader.Open(_directory, new JournalQuery { TypeName = nameof(Done) }))
        {
            while (position == 0 && reader.TryRead(out JournalRecord record))
            {
                position = record.Kind == JournalKind.Sent && BitConverter.ToInt64(record.Payload) == number
                    ? record.Position : 0;
            }
        }

        JournalSegmentInfo segment = JournalCatalog.List(_directory).Last(one =>
            one.Lane == RecordHeader.LaneOf(position) && one.FirstPosition <= position);
        using FileStream file = File.Open(
            Path.Combine(_directory, JournalSegment.LaneName(segment.Lane), JournalSegment.NameOf(segment.Sequence)),
            FileMode.Open, FileAccess.ReadWrite);
        byte[] bytes = new byte[128];
        long offset = position - segment.FirstPosition;
        file.Position = offset;
        file.ReadExactly(bytes);
        fixed (byte* start = bytes)
        {
            var header = (RecordHeader*)start;
            start[RecordHeader.Bytes + 11] ^= 4;
            header->Crc = Crc32C.OfRecord(header, header->Length - RecordHeader.Bytes, position);
        }

        file.Position = offset;
        file.Write(bytes);
        return position;
    }
}

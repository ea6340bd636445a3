using FsCheck;
using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>Many readers, one writer (GC-02).</summary>
public sealed class BarrierTests
{
    private readonly record struct Read(int Number);

    private readonly record struct Write(int Number);

    private readonly record struct Note(int Number);

    /// <summary>A read or a write ends when the test says so; writes down what it begins.</summary>
    private sealed class Store(int count) : Agent, IHandleAsync<Read>, IHandleAsync<Write>, IHandle<Note>,
        IBarrier<Write>, IBarrier<Note>
    {
        private readonly HashSet<int> _readers = [];
        private readonly HashSet<int> _writers = [];

        public TaskCompletionSource[] Gates { get; } =
            [.. Enumerable.Range(0, count).Select(static _ => new TaskCompletionSource())];

        public List<int> Begun { get; } = [];

        public HashSet<int> InFlight => [.. _readers, .. _writers];

        public bool IsBroken { get; private set; }

        protected internal override Reentrancy Reentrancy => Reentrancy.Always;

        public async ValueTask HandleAsync(Read message, AgentContext context, CancellationToken cancellationToken)
        {
            IsBroken |= _writers.Count > 0;
            await Run(message.Number, _readers);
        }

        public async ValueTask HandleAsync(Write message, AgentContext context, CancellationToken cancellationToken)
        {
            IsBroken |= InFlight.Count > 0;
            await Run(message.Number, _writers);
        }

        public void Handle(in Note message, Context context)
        {
            IsBroken |= InFlight.Count > 0;
            Begun.Add(message.Number);
        }

        private async ValueTask Run(int number, HashSet<int> mine)
        {
            Begun.Add(number);
            mine.Add(number);
            await Gates[number].Task;
            mine.Remove(number);
        }
    }

    /// <summary>A queue, a set of readers, at most one writer.</summary>
    private sealed class Model(IReadOnlyList<char> kinds)
    {
        private int _sent;
        private int _begun;

        public HashSet<int> InFlight { get; } = [];

        public int Begun => _begun;

        public void Send() => Advance(_sent++);

        public void End(int number)
        {
            InFlight.Remove(number);
            Advance(number);
        }

        private void Advance(int _)
        {
            while (_begun < _sent && (kinds[_begun] == 'r'
                ? InFlight.All(number => kinds[number] == 'r') : InFlight.Count == 0))
            {
                if (kinds[_begun] != 'n')
                {
                    InFlight.Add(_begun);
                }

                _begun++;
            }
        }
    }

    [Property(MaxTest = 300, EndSize = 60)]
    public bool Barriers_AnySchedule_EqualAQueueBeforeAReaderWriterLock(int seed, NonEmptyArray<byte> drawn)
    {
        using var world = new StepKernel(seed, cores: 1);
        char[] kinds = [.. drawn.Get.Select(static x => (x % 8) switch { < 5 => 'r', < 7 => 'w', _ => 'n' })];
        var store = new Store(kinds.Length);
        AgentId agent = world.Kernel.Spawn(store);
        (Capability<Read> read, Capability<Write> write, Capability<Note> note) =
            (world.Kernel.Grant<Read>(agent), world.Kernel.Grant<Write>(agent), world.Kernel.Grant<Note>(agent));
        var model = new Model(kinds);
        var random = new Random(seed);
        bool isAsModel = true;
        for (int sent = 0, ended = 0; ended < kinds.Count(static kind => kind != 'n') || sent < kinds.Length;)
        {
            if (sent < kinds.Length && (model.InFlight.Count == 0 || random.Next(3) > 0))
            {
                SendResult result = kinds[sent] == 'r' ? read.Send(new Read(sent))
                    : kinds[sent] == 'w' ? write.Send(new Write(sent)) : note.Send(new Note(sent));
                isAsModel &= result == SendResult.Sent;
                sent++;
                model.Send();
            }
            else
            {
                int number = model.InFlight.ElementAt(random.Next(model.InFlight.Count));
                store.Gates[number].SetResult();
                ended++;
                model.End(number);
            }

            if (random.Next(2) == 0 || model.InFlight.Count == 0)
            {
                world.Run();
                isAsModel &= store.InFlight.SetEquals(model.InFlight)
                    && store.Begun.SequenceEqual(Enumerable.Range(0, model.Begun));
            }
        }

        world.Run();
        return isAsModel && !store.IsBroken && store.Begun.SequenceEqual(Enumerable.Range(0, kinds.Length));
    }

    [Fact]
    public void Barrier_WhileAReaderRuns_KeepsItsPlaceBeforeLaterReaders()
    {
        using var world = new StepKernel(cores: 1);
        var store = new Store(4);
        AgentId agent = world.Kernel.Spawn(store);
        world.Kernel.Grant<Read>(agent).Send(new Read(0));
        world.Kernel.Grant<Write>(agent).Send(new Write(1));
        world.Kernel.Grant<Read>(agent).Send(new Read(2));
        world.Run();
        Assert.Equal([0], store.Begun);
        Assert.Equal(AgentState.Waiting, world.Kernel.Agents.Find(agent.Value)!.State);
        store.Gates[0].SetResult();
        world.Run();
        Assert.Equal([0, 1], store.Begun);
        store.Gates[1].SetResult();
        world.Run();
        Assert.Equal([0, 1, 2], store.Begun);
        Assert.False(store.IsBroken);
    }

    [Fact]
    public void Barrier_SentByATimer_IsOne()
    {
        using var world = new StepKernel(cores: 1);
        var store = new Store(2);
        AgentId agent = world.Kernel.Spawn(new Timed(store));
        world.Kernel.Grant<Read>(agent).Send(new Read(0));
        world.Run();
        world.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal([0], store.Begun);
        store.Gates[0].SetResult();
        world.Run();
        Assert.Equal([0, 1], store.Begun);
        Assert.False(store.IsBroken);
    }

    private sealed class Timed(Store store) : Agent, IHandleAsync<Read>, IHandle<Note>, IBarrier<Note>
    {
        protected internal override Reentrancy Reentrancy => Reentrancy.Always;

        public ValueTask HandleAsync(Read message, AgentContext context, CancellationToken cancellationToken) =>
            store.HandleAsync(message, context, cancellationToken);

        public void Handle(in Note message, Context context) => store.Handle(in message, context);

        protected internal override void OnStart(Context context) =>
            context.After(TimeSpan.FromMilliseconds(10), new Note(1));
    }

    [Fact]
    public void Priority_AheadOfABarrierThatWaits_BeginsBesideTheReaderAtOnce()
    {
        using var world = new StepKernel(3);
        var store = new Store(3);
        AgentId agent = world.Kernel.Spawn("store", () => store);
        world.Kernel.Grant<Read>(agent).Send(new Read(0));
        world.Run();
        world.Kernel.Grant<Write>(agent).Send(new Write(1));
        world.Run();
        world.Kernel.Grant<Read>(agent, Rights.Send | Rights.Priority).Send(new Read(2));
        world.Run();
        Assert.Equal([0, 2], store.Begun);

        Array.ForEach(store.Gates, static gate => gate.SetResult());
        world.Run();
        Assert.Equal([0, 2, 1], store.Begun);
        Assert.False(store.IsBroken);
    }
}

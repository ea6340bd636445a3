namespace Outheis.Assistant.Tests.Cli;

/// <summary>A journal as a killed process leaves it, and as the next one goes on with it. What was under way: a turn of
/// a durable agent, in the middle, with an effect behind it and a timer armed; a message that waits for the same agent.
/// </summary>
public sealed class KilledJournal : IAsyncLifetime
{
    public const int Plan = 1, Waiting = 2;       // numbers of messages
    public const int Rang = 100, Finished = 200;  // more, of what is passed on

    private const int SegmentBytes = 1 << 16;

    private readonly TemporaryFolder _folder = new();

    public string Folder => _folder.FullPath;

    /// <summary>Relative to the folder.</summary>
    public static string Name => "killed";

    public string Journal => _folder.PathOf(Name);

    public List<JournalEntry> Read(string? name = null)
    {
        using JournalReader reader = JournalReader.Open(name is null ? Journal : _folder.PathOf(name));
        return [.. reader.Read()];
    }

    public async ValueTask InitializeAsync()
    {
        await using (var first = new Stage(_folder.PathOf("first"), holds: true))
        {
            first.Steps.Send(new Step(Plan));
            first.Steps.Send(new Step(Waiting));
            await Cli.Waiting.Until(() => first.IsHeld);
            CopySegments(_folder.PathOf("first"), Journal);
        }

        await using var second = new Stage(Journal, holds: false);
        await Cli.Waiting.Until(() => second.Heard == 3);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>What a kill leaves: every record that was appended, and nobody's end.</summary>
    public static void CopySegments(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*.seg", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using FileStream target = File.Create(copy);
            source.CopyTo(target);
        }
    }

    internal readonly record struct Step(int Number);

    internal readonly record struct Ring(int Number);

    internal readonly record struct Receipt(int Number);

    internal readonly record struct Ledger(int Sum);

    /// <summary>One process: a durable planner, and a listener that hears of what it has done.</summary>
    private sealed class Stage : IAsyncDisposable
    {
        private readonly Kernel _kernel;
        private readonly ManualResetEventSlim _goOn;
        private int _held, _heard;

        public Stage(string directory, bool holds)
        {
            _goOn = new ManualResetEventSlim(!holds);
            _kernel = Kernel.Start(new KernelOptions
            {
                JournalDirectory = directory, SegmentBytes = SegmentBytes, Cores = 2, Pin = false, Seal = false,
                Codecs = new MessageCodecs().Add<Step>().Add<Ring>(),
            });
            AgentId listener = _kernel.Spawn("listener", () => new Listener(this));
            Steps = _kernel.Grant<Step>(_kernel.Spawn("planner",
                endowment => new Planner(endowment.Grant<Step>(listener), this)));
        }

        public Capability<Step> Steps { get; }

        public bool IsHeld => Volatile.Read(ref _held) == 1;

        public int Heard => Volatile.Read(ref _heard);

        public void Hold()
        {
            Volatile.Write(ref _held, 1);
            _goOn.Wait();
        }

        public void Hear() => Interlocked.Increment(ref _heard);

        public async ValueTask DisposeAsync()
        {
            _goOn.Set();
            await _kernel.StopAsync();
            await _kernel.DisposeAsync();
            _goOn.Dispose();
        }
    }

    private sealed class Planner(Capability<Step> listener, Stage stage)
        : DurableAgent<Ledger>(default), IHandleAsync<Step>, IHandle<Ring>
    {
        public async ValueTask HandleAsync(
            Step message, AgentContext context, CancellationToken cancellationToken)
        {
            if (message.Number == Plan)
            {
                await context.EffectAsync("pay", static (_, _) => ValueTask.FromResult(new Receipt(17)));
                await context.EffectAsync<Receipt>("tip", static (_, _) => throw new InvalidOperationException("no"));
                context.ArmAfter("later", TimeSpan.FromMilliseconds(1), new Ring(Rang));
                stage.Hold();
            }

            State = new Ledger(State.Sum + message.Number);
            context.Send(listener, new Step(Finished + message.Number));
        }

        public void Handle(in Ring message, Context context)
        {
            State = new Ledger(State.Sum + message.Number);
            context.Send(listener, new Step(message.Number));
        }
    }

    private sealed class Listener(Stage stage) : Agent, IHandle<Step>
    {
        public void Handle(in Step message, Context context) => stage.Hear();
    }
}

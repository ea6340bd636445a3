using Xunit;

namespace Outheis.Tests.Proofs;

public readonly record struct Sip(int Cents);

public readonly record struct Poison(int Cents);

public readonly record struct GetSips;

public readonly record struct Sips(int Cents, int Messages);

/// <summary>When a message ends the process that handles it.</summary>
public enum PoisonWay
{
    /// <summary>Before its handler told the journal anything.</summary>
    AtOnce,

    AfterATime,

    AfterASend,

    AfterATimerWasArmed,

    /// <summary>The first process within the effect, the others where they are told that it is in doubt.</summary>
    InAnEffect,
}

/// <summary>A message that ends each process which comes to it, however far its handler has come.</summary>
public sealed class PoisonTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("outheis-poison-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(PoisonWay.AtOnce)]
    [InlineData(PoisonWay.AfterATime)]
    [InlineData(PoisonWay.AfterASend)]
    [InlineData(PoisonWay.AfterATimerWasArmed)]
    [InlineData(PoisonWay.InAnEffect)]
    public void Message_EndsEachProcess_IsQuarantinedAndCountedAcrossThemUntilAPersonDecides(PoisonWay way)
    {
        int deaths = 0;
        while (!Live(way, out string state))
        {
            Assert.Equal("", state);
            Assert.True(++deaths <= 1 + Limits.AttemptsMost, "it ends one process after the other");
        }

        Assert.Equal(1 + Limits.AttemptsMost, deaths);
        QuarantinedMessage held = Assert.Single(JournalQuarantine.List(Journal));
        Assert.Equal(("drinker", 3L, nameof(Poison)), (held.AgentName, held.Attempts, held.Message.TypeName));

        Assert.Equal(new Sips(11, 2), Replayed(way));
        Assert.True(Live(way, out string left));
        Assert.Equal($"all {new Sips(12, 3)}", left);      // 10, and 1 of each life that outlived it
        Assert.True(JournalQuarantine.Release(Journal, held.Message.Position, drop: false));
        Assert.True(Live(way, out left, isHarmless: true));
        Assert.Equal($"all {new Sips(113, 5)}", left);
        Assert.Empty(JournalQuarantine.List(Journal));
    }

    /// <summary>A stop that finds it half done says nothing of what it does to processes.</summary>
    [Fact]
    public void Message_CutOffByStops_IsNotCounted()
    {
        for (int stops = 0; stops < Limits.AttemptsMost + 2; stops++)
        {
            using var life = new ProofLife(ProofChild.Describe($"{PoisonProof.Role} waits", _root, stops));
            life.WaitUntilOpen();
            Assert.True(life.WaitFor("waits"));
            life.Stop();
            Assert.Contains("stopped ", life.WaitForEnd());
        }

        Assert.Empty(JournalQuarantine.List(Journal));
    }

    // Handles what was handled; the poison would end this process, too.
    private Sips Replayed(PoisonWay way)
    {
        using JournalReplay replay = JournalReplay.Open(
            Journal, kernel => PoisonProof.Spawn(kernel, $"{way}"), new ReplayOptions { Codecs = PoisonProof.Codecs });
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.Empty(report.NotReplayed);
        return replay.StateOf<Sips>("drinker");
    }

    private string Journal => Path.Combine(_root, "journal");

    private bool Live(PoisonWay way, out string state, bool isHarmless = false)
    {
        bool isFirst = !Directory.Exists(Journal);
        string role = $"{PoisonProof.Role} {(isHarmless ? "harmless" : way)}";
        using var life = new ProofLife(ProofChild.Describe(role, _root, isFirst ? 0 : 1));
        life.WaitUntilOpen();
        Assert.True(life.WaitFor("all"), "it hangs");
        bool lives = life.Count("all") > 0;
        if (lives)
        {
            life.Stop();
        }

        IReadOnlyList<string> said = life.WaitForEnd();
        Assert.DoesNotContain(said, static line => line.StartsWith("failed", StringComparison.Ordinal)
            || line.StartsWith("error", StringComparison.Ordinal));
        state = said.FirstOrDefault(static line => line.StartsWith("all", StringComparison.Ordinal)) ?? "";
        return lives;
    }
}

/// <summary>The child: its first life sends the poison, the others a sip each.</summary>
internal static class PoisonProof
{
    public const string Role = "poison";

    public static MessageCodecs Codecs => new MessageCodecs().Add<Sip>().Add<Poison>().AddRequest<GetSips, Sips>();

    public static void Run(string role, string root, int round)
    {
        string way = role[(Role.Length + 1)..];
        Kernel kernel = ProofChild.Start(root, Codecs);
        AgentId drinker = Spawn(kernel, way);
        Capability<Sip> sips = kernel.Grant<Sip>(drinker);
        if (round == 0)
        {
            sips.Send(new Sip(10));
            kernel.Grant<Poison>(drinker).Send(new Poison(100));
        }

        ProofChild.Say("open");
        if (way != "waits")
        {
            AskCapability<GetSips, Sips> look = kernel.GrantAsk<GetSips, Sips>(drinker);
            look.AskAsync(default).AsTask().GetAwaiter().GetResult();      // behind whatever was left
            sips.Send(new Sip(1));
            ProofChild.Say($"all {look.AskAsync(default).AsTask().GetAwaiter().GetResult()}");
        }

        Console.In.ReadLine();
        kernel.StopAsync(TimeSpan.FromMilliseconds(way == "waits" ? 10 : 10_000)).GetAwaiter().GetResult();
        ProofChild.Say("stopped ");
    }

    public static AgentId Spawn(Kernel kernel, string way)
    {
        AgentId sink = kernel.Spawn("sink", static _ => new Sink());
        return kernel.Spawn("drinker", who => new Drinker(way, who.Grant<Sip>(sink)));
    }

    private sealed class Sink : Agent, IHandle<Sip>
    {
        public void Handle(in Sip message, Context context)
        {
        }
    }

    private sealed class Drinker(string way, Capability<Sip> sink) : DurableAgent<Sips>(default), IHandle<Sip>,
        IHandleAsync<Poison>, IAnswer<GetSips, Sips>
    {
        public void Handle(in Sip message, Context context) => Drink(message.Cents);

        public async ValueTask HandleAsync(
            Poison message, AgentContext context, CancellationToken cancellationToken)
        {
            switch (way)
            {
                case nameof(PoisonWay.AfterATime):
                    _ = context.UtcNow;
                    break;
                case nameof(PoisonWay.AfterASend):
                    context.Send(sink, new Sip(0));
                    break;
                case nameof(PoisonWay.AfterATimerWasArmed):
                    context.ArmAfter("later", TimeSpan.FromDays(1), new Sip(1000));
                    break;
                case nameof(PoisonWay.InAnEffect):
                    await context.EffectAsync<int>("drink", static (_, _) => Die()).ConfigureAwait(true);
                    break;
                case "waits":
                    for (int i = 0; ; i++)      // all but the newest are in doubt
                    {
                        await context.EffectAsync<int>($"wait {i}", static async (_, _) =>
                        {
                            ProofChild.Say("waits");
                            await Task.Delay(Timeout.Infinite, CancellationToken.None).ConfigureAwait(false);
                            return 0;
                        }).ConfigureAwait(true);
                    }
            }

            Drink(message.Cents);
            if (way != "harmless")
            {
                await Die().ConfigureAwait(true);
            }
        }

        public Sips Answer(in GetSips request, Context context) => State;

        private void Drink(int cents) => State = new Sips(State.Cents + cents, State.Messages + 1);

        private static ValueTask<int> Die()
        {
            Environment.FailFast("on purpose");
            return default;
        }
    }
}

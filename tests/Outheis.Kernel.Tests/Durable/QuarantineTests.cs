using Xunit;

namespace Outheis.Tests.Durable;

/// <summary>What a person decides about a message that kept killing its agent, on the real disk and real
/// threads.</summary>
public sealed class QuarantineTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("outheis-quarantine").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task<Money> RunAsync(bool fails, params Fail[] messages)
    {
        await using Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1, Pin = false, JournalDirectory = _directory, SegmentBytes = 64 << 10,
            Codecs = new MessageCodecs().Add<Fail>().AddRequest<GetBalance, Money>(),
        });
        AgentId supervisor = kernel.Spawn("supervisor", static () => new Restarter());
        AgentId account = kernel.Spawn(
            "account", _ => new Account(default, () => fails), new SpawnOptions { Supervisor = supervisor });
        foreach (Fail message in messages)
        {
            Assert.Equal(SendResult.Sent, kernel.Grant<Fail>(account).Send(message));
        }

        while (fails && kernel.Redelivered.Quarantined < messages.Length)
        {
            await Task.Delay(1);
        }

        return await kernel.GrantAsk<GetBalance, Money>(account).AskAsync(default, TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Release_Retry_DeliversItToTheNextLifeAndDropNever()
    {
        await RunAsync(fails: true, new Fail(1), new Fail(2));
        IReadOnlyList<QuarantinedMessage> held = JournalQuarantine.List(_directory);
        Assert.Equal(2, held.Count);
        Assert.All(held, static one => Assert.Equal(("account", 3), (one.AgentName, one.Attempts)));
        Assert.All(held, static one => Assert.Contains("on purpose", one.Reason, StringComparison.Ordinal));
        Assert.Equal(0, (await RunAsync(fails: false)).Cents);      // nobody has decided
        Assert.False(JournalQuarantine.Release(_directory, held[0].Message.Position + 16, drop: false));
        Assert.True(JournalQuarantine.Release(_directory, held[0].Message.Position, drop: false));
        Assert.True(JournalQuarantine.Release(_directory, held[1].Message.Position, drop: true));
        Assert.Empty(JournalQuarantine.List(_directory));
        Assert.Equal(77, (await RunAsync(fails: false)).Cents);     // the first one, this time without a failure
        Assert.Equal(77, (await RunAsync(fails: false)).Cents);
    }

    /// <summary>The journal has given the message's segment up.</summary>
    [Fact]
    public async Task List_OfWhatIsInTheArchive_NeedsToBeToldOfIt()
    {
        await RunAsync(fails: true, new Fail(1));
        await using (Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1, Pin = false, JournalDirectory = _directory, SegmentBytes = 64 << 10,
        }))
        {
            Capability<int> to = kernel.Grant<int>(kernel.Spawn("filler", static () =>
                new Receiver<int>(static (in int _, Context _) => { })));
            for (int i = 0; i < 3000; i++)
            {
                Assert.Equal(SendResult.Sent, await to.SendAsync(i));
            }
        }

        string archive = Path.Combine(_directory, "archive");
        string lane = JournalSegment.LaneName(0), first = JournalSegment.NameOf(0);
        Directory.CreateDirectory(Path.Combine(archive, lane));
        File.Move(Path.Combine(_directory, lane, first), Path.Combine(archive, lane, first));
        Assert.Empty(JournalQuarantine.List(_directory));
        long position = Assert.Single(JournalQuarantine.List(_directory, archive)).Message.Position;
        Assert.True(JournalQuarantine.Release(_directory, position, drop: true, archive));
        Assert.Empty(JournalQuarantine.List(_directory, archive));
    }

    [Fact]
    public async Task Release_WhileAKernelRuns_NamesItsProcess()
    {
        await RunAsync(fails: true, new Fail(1));
        await using Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1, Pin = false, JournalDirectory = _directory, SegmentBytes = 64 << 10,
        });
        QuarantinedMessage held = Assert.Single(JournalQuarantine.List(_directory));
        JournalInUseException inUse = Assert.Throws<JournalInUseException>(
            () => JournalQuarantine.Release(_directory, held.Message.Position, drop: true));
        Assert.Equal(Environment.ProcessId, inUse.ProcessId);
    }
}

namespace Outheis.Assistant.Tests.Cli;

/// <summary>A journal of a small kernel: steps that are passed on from agent to agent, to one that adds them up, and an
/// ask that fails.</summary>
public sealed class ChainJournal : IAsyncLifetime
{
    public const int Agents = 5;
    public const int Steps = 40;

    private readonly TemporaryFolder _folder = new();

    public string Folder => _folder.FullPath;

    public string Journal => _folder.PathOf("journal");

    /// <summary>A copy that a test may damage.</summary>
    public string Copy(string name)
    {
        foreach (string file in Directory.GetFiles(Journal, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(Folder, name, Path.GetRelativePath(Journal, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Path.Combine(Folder, name);
    }

    public List<JournalEntry> Read()
    {
        using JournalReader reader = JournalReader.Open(Journal);
        return [.. reader.Read()];
    }

    /// <summary>With the name of the target as it was known when the record was read: another lane may tell it
    /// later.</summary>
    public List<(JournalEntry Entry, string? TargetName)> ReadWithNames()
    {
        using JournalReader reader = JournalReader.Open(Journal);
        return [.. reader.Read().Select(static entry => (entry, entry.TargetName))];
    }

    private int Taken(string agent)
    {
        List<JournalEntry> all = Read();
        HashSet<long> sent = [.. all.Where(one => one.TargetName == agent).Select(static one => one.Position)];
        return all.SelectMany(static one => one.Consumed).Count(taken => sent.Contains(taken.Position));
    }

    public async ValueTask InitializeAsync()
    {
        var options = new KernelOptions { JournalDirectory = Journal, SegmentBytes = 1 << 16, Cores = 2 };
        Kernel kernel = Kernel.Start(options);
        await using (kernel)
        {
            (AgentId last, AgentId grumbler) = SpawnAll(kernel);
            Capability<Step> first = kernel.Grant<Step>(last);
            for (int i = 0; i < Steps; i++)
            {
                if (i == Steps / 2)
                {
                    await Waiting.Until(() => Taken("agent0") == Steps / 2);
                    await Task.Delay(50);      // so that there is a time between
                }

                Assert.Equal(SendResult.Sent, first.Send(new Step(i)));
            }

            AskCapability<Step, Step> ask = kernel.GrantAsk<Step, Step>(grumbler);
            await Assert.ThrowsAsync<AskException>(async () => await ask.AskAsync(new Step(-1)));
            await kernel.StopAsync();
        }
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The program that wrote it; somebody who adds <paramref name="bias"/> is not.</summary>
    internal static (AgentId Last, AgentId Grumbler) SpawnAll(Kernel kernel, long bias = 0)
    {
        AgentId next = kernel.Spawn("agent0", static () => new Adder());
        for (int i = 1; i < Agents; i++)
        {
            (AgentId target, long added) = (next, i == 2 ? bias : 0);
            next = kernel.Spawn($"agent{i}", endowment => new Passer(endowment.Grant<Step>(target), added));
        }

        return (next, kernel.Spawn("grumbler", static () => new Grumbler()));
    }

    internal readonly record struct Step(long Number);

    internal readonly record struct Sum(long Numbers);

    private sealed class Adder() : DurableAgent<Sum>(default), IHandle<Step>
    {
        public void Handle(in Step message, Context context) => State = new Sum(State.Numbers + message.Number);
    }

    private sealed class Passer(Capability<Step> next, long bias) : Agent, IHandle<Step>
    {
        public void Handle(in Step message, Context context)
        {
            var passed = new Step(message.Number + (message.Number == 7 ? bias : 0));
            Assert.Equal(SendResult.Sent, context.Send(next, passed));
        }
    }

    private sealed class Grumbler : Agent, IAnswer<Step, Step>
    {
        public Step Answer(in Step request, Context context) => throw new InvalidOperationException("not today");
    }
}

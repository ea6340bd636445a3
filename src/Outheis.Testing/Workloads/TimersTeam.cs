using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>The alarms of one life, and who tells them what to arm.</summary>
internal sealed class TimersTeam
{
    private const int Keys = 6;

    public static readonly MessageCodecs Codecs = new MessageCodecs().Add<Wish>().Add<Ring>();

    private readonly Simulation _simulation;

    public TimersTeam(WorkloadRun run, Simulation simulation, int agents, int wishes)
    {
        _simulation = simulation;
        Kernel kernel = simulation.Kernel;
        AgentId supervisor = kernel.Spawn(
            "restarts them", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        bool isLast = wishes == 0;
        var options = new SpawnOptions { Supervisor = supervisor };
        Capability<Wish>[] to = [.. Enumerable.Range(0, agents).Select(i => kernel.Grant<Wish>(
            kernel.Spawn($"alarm {i}", () => new Alarm(run, armsMore: !isLast), options)))];
        simulation.AddActor("host", () =>
        {
            for (int burst = 1 + run.Choices.Draw(4); burst > 0 && wishes > 0; burst--, wishes--)
            {
                _ = run.Choices.Pick(to).Send(new Wish(
                    run.Choices.Draw(8), run.Choices.Draw(Keys), run.Choices.Pick([0, 5, 300, 2000, 15_000]),
                    Fails: run.Choices.Draw(16) == 0));
            }

            return wishes > 0;
        });
    }

    /// <summary>Waits until every batch of what was taken is in the journal.</summary>
    public void TellTaken()
    {
        foreach (Core core in _simulation.Kernel.Cores)
        {
            core.Post(new Tell());
        }

        _simulation.RunToEnd(TimeSpan.FromMilliseconds(1));
    }

    internal readonly record struct Wish(int Verb, int Key, int Ms, bool Fails);

    internal readonly record struct Ring(int Key);

    private sealed class Tell : KernelOp
    {
        public override void Run(Core core) => core.Tap?.Flush();
    }

    private sealed class Alarm(WorkloadRun run, bool armsMore)
        : DurableAgent<long>(0), IHandle<Wish>, IHandleAsync<Ring>
    {
        public void Handle(in Wish message, Context context)
        {
            string key = $"key {message.Key}";
            TimeSpan time = TimeSpan.FromMilliseconds(message.Ms);
            var ring = new Ring(message.Key);
            switch (message.Verb)
            {
                case 0:
                    context.Disarm(key);
                    break;
                case 1:
                    _ = context.ArmEvery(key, time + TimeSpan.FromMilliseconds(700), ring);
                    break;
                case 2:
                    _ = context.ArmAt(key, context.UtcNow + time, ring);
                    break;
                default:
                    _ = context.ArmAfter(key, time, ring);
                    break;
            }

            if (message.Fails)
            {
                throw new InvalidOperationException("arms, and fails each time");
            }

            State++;
        }

        // Arms another one now and then, between two awaits; in the last life none, so that it comes to rest.
        public async ValueTask HandleAsync(Ring message, AgentContext context, CancellationToken cancellationToken)
        {
            await context.Yield();
            State += context.Fires;
            if (armsMore && State % 5 == 0)
            {
                _ = context.ArmAfter($"key {(message.Key + 1) % Keys}", TimeSpan.FromMilliseconds(50), message);
                await context.Yield();
            }

            run.Note(context.IsRedelivered ? "handled again" : "handled");
        }
    }
}

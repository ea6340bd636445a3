using FsCheck.Xunit;
using Outheis.Testing;
using Outheis.Testing.Generators;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests;

/// <summary>Whatever goes wrong and when: what was accepted is handled or a dead letter, and the journal says the same.
/// </summary>
public sealed class FaultModelTests
{
    private const int Workers = 3;
    private const int Poison = -1;

    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 40, EndSize = 40)]
    public static void Kernel_AnyFaults_LosesNothing(FaultSchedule schedule, RunSeed run, Decisions decisions)
    {
        Choices choices = decisions.Begin();
        var disk = new SimulatedDisk();
        int accepted = 0, handled = 0, poisoned = 0;
        using (var world = new StepKernel((int)(run.Seed % int.MaxValue), run.Cores, run.Capacity.Messages, disk))
        {
            AgentId boss = world.Kernel.Spawn(new Listener { Restarts = true });
            AgentId[] workers = [.. Enumerable.Range(0, Workers).Select(i => world.Kernel.Spawn(
                new Receiver<Longest>((in Longest message, Context _) =>
                {
                    handled++;
                    if (message.First == Poison)
                    {
                        throw new InvalidDataException("bug");
                    }
                }), core: i % run.Cores, supervisor: boss))];
            Capability<Longest>[] to = [.. workers.Select(worker => world.Kernel.Grant<Longest>(worker))];
            for (int step = 0; step < FaultSchedule.DefaultSteps; step++)
            {
                Fault[] faults = [.. schedule.At(step)];
                Send(to[choices.Draw(Workers)], step);
                foreach (Fault fault in faults.Where(fault => fault.Kind == FaultKind.HandlerThrows))
                {
                    poisoned += Send(to[fault.Agent % Workers], Poison) ? 1 : 0;
                }

                disk.Free = faults.Any(fault => fault.Kind == FaultKind.DiskFull) ? 0 : long.MaxValue;
                world.Time.AdvanceBy(faults.Any(fault => fault.Kind == FaultKind.TimePasses)
                    ? TimeSpan.FromMinutes(1) : TimeSpan.FromMilliseconds(1));
                int core = choices.Draw(run.Cores);
                if (!faults.Any(fault =>
                    fault.Kind == FaultKind.CoreStalls && fault.Agent % Workers % run.Cores == core))
                {
                    world.Pass(core);
                }
            }

            MakeRoom(world, disk);
            world.RunUntil(() => handled == accepted, "everything accepted");
            world.Run();
            Assert.Equal(poisoned, world.Kernel.DeadLetters.Count(DeadLetterReason.HandlerFailed));
            Assert.Equal(poisoned, world.Kernel.DeadLetters.Total);
            Assert.All(world.Kernel.Cores, core => Assert.Equal(0, core.Cells.InUse));
        }

        List<JournalEntry> entries = Journals.ReadAll(disk, out IReadOnlyList<LaneEnd> ends);
        Assert.All(ends, end => Assert.Equal(LaneEndKind.End, end.Kind));
        Assert.Equal(accepted, entries.Count(entry =>
            entry.Kind == JournalKind.Sent && entry.TypeName == nameof(Longest)));
        Assert.Equal(poisoned, entries.Count(entry => entry.Kind == JournalKind.DeadLetter));

        bool Send(Capability<Longest> worker, int number)
        {
            SendResult sent = worker.Send(new Longest { First = number });
            Assert.True(sent is SendResult.Sent or SendResult.Full, $"{sent}");
            accepted += sent == SendResult.Sent ? 1 : 0;
            return sent == SendResult.Sent;
        }
    }

    // The full disk may have been the last step; it is tried again by the kernel's clock.
    private static void MakeRoom(StepKernel world, SimulatedDisk disk)
    {
        disk.Free = long.MaxValue;
        world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
    }
}

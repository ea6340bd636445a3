using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Timers;

public enum Verb : byte
{
    After, Every, At, Disarm, Fail,
}

/// <summary>What an alarm is to do: to arm or disarm some keys from one on, then perhaps to throw.</summary>
public readonly record struct Wish(Verb Verb, int Key, long Ms = 0, int Keys = 1, bool Throws = false);

public readonly record struct Ring(int Key);

public readonly record struct GetRung;

/// <summary>How often it rang, counting what is said in one message; and how many messages that were.</summary>
public readonly record struct Rung(long Messages, long Fires);

/// <summary>What one message of a timer told.</summary>
internal readonly record struct Heard(int Key, long Fires, bool Again, TimeSpan At);

/// <summary>A durable agent that does as it is told with its timers.</summary>
internal sealed class Alarm(Alarms alarms)
    : DurableAgent<Rung>(default), IHandle<Wish>, IHandle<Ring>, IAnswer<GetRung, Rung>
{
    public void Handle(in Wish message, Context context)
    {
        for (int key = message.Key; key < message.Key + message.Keys; key++)
        {
            Do(message, key, context);
        }

        if (message.Throws && alarms.Throws())
        {
            throw new InvalidOperationException("on purpose");
        }
    }

    public void Handle(in Ring message, Context context)
    {
        alarms.Hear(new Heard(message.Key, context.Fires, context.IsRedelivered, default));
        State = new Rung(State.Messages + 1, State.Fires + context.Fires);
    }

    public Rung Answer(in GetRung request, Context context) => State;

    private void Do(in Wish wish, int key, Context context)
    {
        string name = $"key {key}";
        TimeSpan time = TimeSpan.FromMilliseconds(wish.Ms);
        if (wish.Verb == Verb.Disarm)
        {
            context.Disarm(name);
        }
        else if (wish.Verb != Verb.Fail)
        {
            alarms.Results.Add(wish.Verb switch
            {
                Verb.After => context.ArmAfter(name, time, new Ring(key + alarms.Shift)),
                Verb.Every => context.ArmEvery(name, time, new Ring(key)),
                _ => context.ArmAt(name, Alarms.Epoch + time, new Ring(key)),
            });
            alarms.WhenArmed(key);
        }
    }
}

/// <summary>One alarm, its supervisor, and processes one after the other on one disk and one wall clock.</summary>
internal sealed class Alarms(int snapshotEvery = Limits.SnapshotEvery, JournalRetention? retention = null)
{
    public static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Wish>().Add<Ring>().AddRequest<GetRung, Rung>();

    public static readonly DateTimeOffset Epoch = new VirtualTime().GetUtcNow();

    private TimeSpan _before;      // wall time when the present process began

    public SimulatedDisk Disk { get; set; } = new();

    public StepKernel World { get; private set; } = null!;

    public Action<int> WhenArmed { get; set; } = static _ => { };

    public AgentId Agent { get; private set; }

    public List<Heard> Rings { get; } = [];

    public List<ArmResult> Results { get; } = [];

    /// <summary>How many of the next wishes that are to fail do.</summary>
    public int Failures { get; set; }

    /// <summary>Of a program that is another one: it arms timers that say something else.</summary>
    public int Shift { get; set; }

    public Action WhenRung { get; set; } = static () => { };

    public Core Home => World.Kernel.Living(Agent).Core;

    public int Armed => World.Kernel.Living(Agent).Armed?.Count ?? 0;

    public void Start(Action<StepKernel>? prepare = null)
    {
        World = new StepKernel(
            cores: 1, disk: Disk, codecs: Codecs, snapshotEvery: snapshotEvery, retention: retention);
        World.Time.JumpWallClock(_before);
        prepare?.Invoke(World);
        Agent = Spawn(World.Kernel);
        World.Run();
    }

    public AgentId Spawn(Kernel kernel) => kernel.Spawn(
        "alarm", () => new Alarm(this), new SpawnOptions { Supervisor = kernel.Spawn(new Restarter(), name: "over") });

    public void Tell(params Wish[] wishes)
    {
        World.Kernel.Grant<Wish>(Agent).SendAll(wishes);
        World.Run();
        World.RunUntil(() => World.Kernel.Living(Agent) is { State: AgentState.Idle, Inbox.Count: 0 });
        World.Run();
    }

    public void Advance(int ms) => World.Advance(TimeSpan.FromMilliseconds(ms));

    public bool Throws() => Failures-- > 0;

    // What is handled once more to make a state is not heard.
    public void Hear(Heard heard)
    {
        if (Core.OfThisThread is { Replay: Refold { IsMute: true } })
        {
            return;
        }

        Rings.Add(heard with { At = World.Time.Now });
        WhenRung();
    }

    public Rung Ask() => World.Result(World.Kernel.GrantAsk<GetRung, Rung>(Agent).AskAsync(default));

    /// <summary>The process is killed, or stopped; the next one begins so much later.</summary>
    /// <param name="downMs">By the wall clock.</param>
    /// <param name="kills">Or stops.</param>
    /// <param name="at">What it leaves; null: all that is there.</param>
    /// <param name="asks">Before: what is asked last is the turn that may have been cut off, and is handled once more.
    /// </param>
    public void Again(int downMs, bool kills = true, DiskImage? at = null, bool asks = true)
    {
        if (at is null && asks)
        {
            Ask();
        }

        _before += World.Time.Now + TimeSpan.FromMilliseconds(downMs);
        if (kills)
        {
            DiskImage left = at ?? Disk.Snapshot();
            World.Abandon();
            Disk = SimulatedDisk.From(left);
        }
        else
        {
            World.Stop();
        }

        Rings.Clear();
        Start();
    }
}

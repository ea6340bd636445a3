using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>Agents that leave this core or come to it (<see cref="Migration"/>).</summary>
internal sealed unsafe partial class Core
{
    private readonly Dictionary<uint, Migration> _leaving = [];       // by agent; here until they are sent
    private readonly Dictionary<uint, Before> _before = [];           // what came for agents that are not here yet
    private int _unentered;       // of it: what is not in the journal

    /// <summary>This core is closed: who has had a turn here goes to that one. Null: it is open.</summary>
    public Core? GathersTo;

    /// <summary>Agents that other cores are to get.</summary>
    public IReadOnlyCollection<Migration> Leaving => _leaving.Values;

    /// <summary>Something from outside is here and not in the journal: its agent is not here yet.</summary>
    public bool HasUnentered => _unentered > 0;

    private bool HasMoves => _leaving.Count > 0 || _before.Count > 0;

    /// <summary>Whether this core has an agent, so that its op may run; else sees to it that it runs where and when one
    /// has.</summary>
    public bool IsHomeFor(AgentCell agent, KernelOp op)
    {
        Core home = agent.Core;
        if (!ReferenceEquals(home, this))
        {
            if (_leaving.TryGetValue(agent.Id.Value, out Migration? leaving))
            {
                leaving.Take(op);      // in the order of their coming; those that come there directly wait for these
            }
            else
            {
                home.Post(op);
            }

            return false;
        }

        if (agent.State == AgentState.Moving)
        {
            ref Before held = ref CollectionsMarshal.GetValueRefOrAddDefault(_before, agent.Id.Value, out _);
            (held.Ops ??= []).Add(op);
            return false;
        }

        return true;
    }

    /// <summary>The same without an op: whether this core has the agent now, and it lives.</summary>
    public bool Has(AgentCell agent) =>
        ReferenceEquals(agent.Core, this) && agent.State is not (AgentState.Moving or AgentState.Dead);

    public void AddLeaving(AgentCell agent, Migration migration)
    {
        _ready.Remove(agent);
        _leaving.Add(agent.Id.Value, migration);
    }

    /// <summary>This core is overloaded: every second agent that waits for its turn goes to another one, if it
    /// may.</summary>
    public void GiveHalf(Core to)
    {
        List<AgentCell> waiting = _ready.List();
        int most = Limits.MovesPerShed;
        for (int i = waiting.Count - 1; i >= 0 && most > 0; i -= 2)
        {
            most--;
            Give(waiting[i], to);
        }
    }

    private void Give(AgentCell agent, Core to)
    {
        if (!agent.IsPinned && Migration.MayLeave(this, agent))
        {
            new Migration(agent, to, waits: false).Run(this);
        }
    }

    public void RemoveLeaving(AgentCell agent) => _leaving.Remove(agent.Id.Value);

    /// <summary>An agent leaves: a mark goes to each other core, behind all that was sent there before.</summary>
    public void SendMarks(AgentCell agent)
    {
        var mark = new MoveMark(agent.Id.Value, Index);
        foreach (int peer in _fanOuts.Next())
        {
            SendUncredited(Kernel.Cores[peer], 0, 0, MoveMarkRoute.Instance, correlation: 0, in mark);
        }
    }

    /// <summary>What one core has received of what this one sent it, in a mark of a move.</summary>
    public void NoteMark(uint agent)
    {
        if (_leaving.TryGetValue(agent, out Migration? leaving))
        {
            leaving.NoteMark();
        }
    }

    /// <summary>An agent is about to come: journals what outside threads sent it by its new way, behind what they sent
    /// by the old one. False: there is no room now.</summary>
    public bool TryEnterBefore(AgentCell agent)
    {
        ref Before held = ref CollectionsMarshal.GetValueRefOrNullRef(_before, agent.Id.Value);
        if (Tap is null || Unsafe.IsNullRef(ref held))
        {
            return true;
        }

        while (held.FromOutside.Peek() is var cell && cell != null)
        {
            object? reference = cell->Has(MessageFlags.Reference) ? Cells.LookAtReference(cell) : null;
            if (GaveUpEntering || !TryEnter(cell, reference))
            {
                RefuseHeldAsks(agent);
                return held.FromOutside.IsEmpty;
            }

            held.Entered.Append(held.FromOutside.Take());
            _unentered--;
        }

        return true;
    }

    /// <summary>An agent will not come, and what came by its old way is told of: so is what comes by the new
    /// one.</summary>
    public void EnterAtOnce(AgentCell agent)
    {
        if (TryEnterBefore(agent))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_before, agent.Id.Value, out _).EntersAtOnce = true;
        }
    }

    /// <summary>No room in the journal, here or where an agent comes from: whoever asked from outside has the reason at
    /// once, and does not wait behind a send that waits.</summary>
    public void RefuseHeldAsks(AgentCell agent)
    {
        ref Before held = ref CollectionsMarshal.GetValueRefOrNullRef(_before, agent.Id.Value);
        if (Unsafe.IsNullRef(ref held))
        {
            return;
        }

        Inbox all = held.FromOutside;
        held.FromOutside = default;
        Message* cell;
        while ((cell = all.Take()) != null)
        {
            if (!cell->IsAsk)
            {
                held.FromOutside.Append(cell);
                continue;
            }

            _unentered--;
            Refuse(cell, cell->Has(MessageFlags.Reference) ? Cells.TakeReference(cell) : null);
            Cells.Return(cell);
        }
    }

    /// <summary>An agent has come, and what was sent by its old way is in its inbox: puts what came by the new one
    /// behind it. Returns the ops that did.</summary>
    public List<KernelOp>? PutBefore(AgentCell agent)
    {
        if (!_before.Remove(agent.Id.Value, out Before held))
        {
            return null;
        }

        NoteUntold(in held);
        Message* cell;
        while ((cell = held.Entered.Take()) != null || (cell = held.FromOutside.Take()) != null)
        {
            Put(agent, cell);
        }

        return held.Ops;
    }

    /// <summary>The kernel ends, and no agent leaves any more: who was about to is not drained.</summary>
    /// <param name="undrained">Gets them.</param>
    /// <param name="done">Is told, on this core, when they have ended.</param>
    public void EndLeaving(List<UndrainedAgent> undrained, Action done)
    {
        if (_leaving.Count == 0)
        {
            done();
            return;
        }

        DrainArrivals();      // what came by the old way is told of before what came by the new one
        Migration[] all = [.. _leaving.Values];
        int left = all.Length;
        foreach (Migration migration in all)
        {
            undrained.Add(Undrained(migration));
            migration.BreakOff(this, () =>
            {
                if (--left == 0)
                {
                    done();
                }
            });
        }
    }

    /// <summary>Those whose new core has not answered end at once.</summary>
    public void BreakRest()
    {
        foreach (Migration migration in _leaving.Values.ToArray())
        {
            migration.Break(this);
        }
    }

    private static UndrainedAgent Undrained(Migration migration) =>
        new(migration.Agent.Id, migration.Agent.Name, migration.Agent.Inbox.Count, migration.Agent.State);

    /// <summary>The kernel ends: who has come and waits for room in the journal, waits no longer.</summary>
    public void AcquireAll()
    {
        foreach (Migration migration in _deferred.OfType<Migration>().Where(static one => one.IsSent).ToArray())
        {
            migration.Acquire(this, evenUnjournaled: true);
        }
    }

    /// <summary>The kernel ends: what came for agents that did not come is a dead letter.</summary>
    public void BuryBefore()
    {
        foreach ((uint agent, Before messages) in _before)
        {
            AgentCell? target = Kernel.Agents.Find(agent);
            Before held = messages;
            NoteUntold(in held);
            Message* cell;
            while ((cell = held.Entered.Take()) != null || (cell = held.FromOutside.Take()) != null)
            {
                GiveCreditBack(target, cell);
                Bury(cell, null, DeadLetterReason.KernelStopped);
            }

            held.Ops?.ForEach(Post);      // sees that its agent has ended
        }

        _before.Clear();
    }

    // As if from another core: its old one may be ending it.
    private static void GiveCreditBack(AgentCell? target, Message* cell)
    {
        if (!cell->Has(MessageFlags.Uncredited))
        {
            target?.Credits.GiveBack(1);
        }
    }

    // What is told later must not be without what came before it.
    private void NoteUntold(in Before held)
    {
        _unentered -= held.FromOutside.Count;
        if (!held.FromOutside.IsEmpty)
        {
            GiveUpEntering();
        }
    }

    // Whether what is for an agent is to wait for it here, before it is told to have entered: it is to come, or was to
    // and others wait already.
    private bool IsToCome(uint agent)
    {
        if (_before.Count > 0 && _before.TryGetValue(agent, out Before held)
            && (held.EntersAtOnce || !held.FromOutside.IsEmpty))
        {
            return !held.EntersAtOnce;
        }

        return Kernel.MovesUnderWay > 0 && Kernel.Agents.Find(agent) is { } target
            && target.State == AgentState.Moving && ReferenceEquals(target.Core, this);
    }

    // For an agent that moves. One that leaves is still this core's; for one that comes it waits, in the order of its
    // coming, whatever its lane.
    private void PutForMoving(AgentCell agent, Message* cell)
    {
        if (ReferenceEquals(agent.Core, this))
        {
            Hold(agent, cell);
        }
        else
        {
            Debug.Assert(_leaving.ContainsKey(agent.Id.Value), "nothing comes by the old way when it has left");
            Put(agent, cell);
        }
    }

    private void Hold(AgentCell agent, Message* cell) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_before, agent.Id.Value, out _).Entered.Append(cell);

    // An ask is not to wait for a move that waits for room in a journal: the old core's, or this one's.
    private void HoldOrRefuse(Message* slot, object? reference)
    {
        if (IsHostAsk(slot) && Array.Exists(Kernel.Cores, static core => core.IsJournalFull))
        {
            Refuse(slot, reference);
            return;
        }

        _unentered++;
        ref Before held = ref CollectionsMarshal.GetValueRefOrAddDefault(_before, slot->Target, out _);
        held.FromOutside.Append(CellOf(slot, reference));
    }

    /// <summary>What came for an agent before it did.</summary>
    private struct Before
    {
        public Inbox Entered;          // has its place in the journal
        public Inbox FromOutside;      // has none yet: it would stand before what is still at the old core
        public List<KernelOp>? Ops;
        public bool EntersAtOnce;      // what comes from outside: it has its place in the journal
    }
}

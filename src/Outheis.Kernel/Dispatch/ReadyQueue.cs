using System.Numerics;

namespace Outheis;

/// <summary>
/// The agents of one core that have something to do: a FIFO per class of service, the highest band first
/// (LW-02); every n-th turn the lowest waiting band, by <see cref="KernelOptions.FairShare"/>, and half-way between
/// two such turns the waiting bands by turns, so that none starves. The core only.
/// </summary>
internal struct ReadyQueue
{
    private const int Bands = QosRules.Classes;
    public const int NotWaiting = -1;

    private readonly Band[] _bands;
    private readonly int _share;
    private uint _waiting;      // bit b: band b is not empty
    private int _picks;         // since the lowest band had its share
    private int _rotation;      // the band that had its turn last

    public ReadyQueue(int share)
    {
        _share = share;
        _bands = new Band[Bands];
        for (int i = 0; i < Bands; i++)
        {
            _bands[i].Slots = new AgentCell?[64];
        }
    }

    public readonly bool IsEmpty => _waiting == 0;

    /// <summary>Whether somebody of another class waits.</summary>
    public readonly bool HasOthersThan(Qos band) => (_waiting & ~(1u << (int)band)) != 0;

    /// <summary>Puts an agent at the end of the band of its class. It must not wait already.</summary>
    public void Put(AgentCell agent)
    {
        int index = (int)agent.EffectiveQos;
        ref Band band = ref _bands[index];
        if (band.Used == band.Slots.Length)
        {
            MakeRoom(ref band);
        }

        int slot = (band.First + band.Used++) & (band.Slots.Length - 1);
        band.Slots[slot] = agent;
        (agent.ReadySlot, agent.ReadyBand) = (slot, agent.EffectiveQos);
        band.Waiting++;
        _waiting |= 1u << index;
    }

    /// <summary>Moves an agent whose class was raised to the end of its new band, if it waits in a lower one. Its old
    /// slot stays empty until its turn or until the room is needed.</summary>
    public void Move(AgentCell agent)
    {
        if (agent.ReadySlot == NotWaiting || agent.ReadyBand >= agent.EffectiveQos)
        {
            return;
        }

        Remove(agent);
        Put(agent);
    }

    /// <summary>Takes an agent out if it waits; its slot stays empty likewise.</summary>
    public void Remove(AgentCell agent)
    {
        if (agent.ReadySlot == NotWaiting)
        {
            return;
        }

        int index = (int)agent.ReadyBand;
        ref Band band = ref _bands[index];
        band.Slots[agent.ReadySlot] = null;
        agent.ReadySlot = NotWaiting;
        Leave(ref band, index);
    }

    /// <summary>Who waits, the lowest band first, in order. Rare: it allocates.</summary>
    public readonly List<AgentCell> List()
    {
        var waiting = new List<AgentCell>();
        foreach (ref readonly Band band in _bands.AsSpan())
        {
            for (int i = 0; i < band.Used; i++)
            {
                if (band.Slots[(band.First + i) & (band.Slots.Length - 1)] is { } agent)
                {
                    waiting.Add(agent);
                }
            }
        }

        return waiting;
    }

    public AgentCell? Take()
    {
        if (_waiting == 0)
        {
            return null;
        }

        int index = NextBand();
        ref Band band = ref _bands[index];
        AgentCell? agent;
        do
        {
            agent = band.Slots[band.First];
            band.Slots[band.First] = null;
            band.First = (band.First + 1) & (band.Slots.Length - 1);
            band.Used--;
        }
        while (agent is null);

        agent.ReadySlot = NotWaiting;
        Leave(ref band, index);
        return agent;
    }

    private void Leave(ref Band band, int index)
    {
        if (--band.Waiting == 0)
        {
            band.Used = 0;
            _waiting &= ~(1u << index);
        }
    }

    private int NextBand()
    {
        if (++_picks == _share)
        {
            _picks = 0;
            return BitOperations.TrailingZeroCount(_waiting);
        }

        return _picks == _share / 2 ? NextInRotation() : BitOperations.Log2(_waiting);
    }

    private int NextInRotation()
    {
        do
        {
            _rotation = (_rotation + 1) % Bands;
        }
        while ((_waiting & (1u << _rotation)) == 0);

        return _rotation;
    }

    // Closes the gaps that moved agents left; twice as long if those are fewer than half, so either way as many can
    // come as had to be looked at.
    private static void MakeRoom(ref Band band)
    {
        int length = band.Slots.Length;
        AgentCell?[] slots = band.Waiting > length / 2 ? new AgentCell?[2 * length] : band.Slots;
        int waiting = 0;
        for (int i = 0; i < length; i++)
        {
            int from = (band.First + i) & (length - 1);
            int to = (band.First + waiting) & (slots.Length - 1);
            if (band.Slots[from] is not { } agent)
            {
                continue;
            }

            band.Slots[from] = null;
            slots[to] = agent;
            agent.ReadySlot = to;
            waiting++;
        }

        (band.Slots, band.Used) = (slots, waiting);
    }

    private struct Band
    {
        public AgentCell?[] Slots;      // circular, power-of-two length
        public int First;
        public int Used;                // from First on: agents, and gaps that moved ones left
        public int Waiting;             // agents among them
    }
}

using System.Numerics;

namespace Outheis;

/// <summary>
/// The agents of one core that have something to do: a FIFO per quality of service, the highest band first
/// (LW-02); every <see cref="Limits.FairShare"/>-th turn the lowest waiting band, and half-way between two such turns
/// the waiting bands by turns, so that none starves. The core only.
/// </summary>
internal struct ReadyQueue
{
    private const int Bands = (int)Qos.UserInteractive + 1;

    private readonly Band[] _bands;
    private uint _waiting;      // bit b: band b is not empty
    private int _picks;
    private int _rotation;      // the band that had its turn last

    public ReadyQueue()
    {
        _bands = new Band[Bands];
        for (int i = 0; i < Bands; i++)
        {
            _bands[i].Agents = new AgentCell[64];
        }
    }

    public readonly bool IsEmpty => _waiting == 0;

    /// <summary>Puts an agent at the end of its band. It must not be in the queue already.</summary>
    public void Put(AgentCell agent)
    {
        int index = (int)agent.Qos;
        ref Band band = ref _bands[index];
        if (band.Count == band.Agents.Length)
        {
            Grow(ref band);
        }

        band.Agents[(band.First + band.Count) & (band.Agents.Length - 1)] = agent;
        band.Count++;
        _waiting |= 1u << index;
    }

    public AgentCell? Take()
    {
        if (_waiting == 0)
        {
            return null;
        }

        int index = (++_picks & (Limits.FairShare - 1)) switch
        {
            0 => BitOperations.TrailingZeroCount(_waiting),
            Limits.FairShare / 2 => NextInRotation(),
            _ => BitOperations.Log2(_waiting),
        };
        ref Band band = ref _bands[index];
        AgentCell agent = band.Agents[band.First];
        band.First = (band.First + 1) & (band.Agents.Length - 1);
        if (--band.Count == 0)
        {
            _waiting &= ~(1u << index);
        }

        return agent;
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

    private static void Grow(ref Band band)
    {
        var agents = new AgentCell[band.Agents.Length * 2];
        for (int i = 0; i < band.Count; i++)
        {
            agents[i] = band.Agents[(band.First + i) & (band.Agents.Length - 1)];
        }

        (band.Agents, band.First) = (agents, 0);
    }

    private struct Band
    {
        public AgentCell[] Agents;      // circular, power-of-two length; may keep ended agents alive until overwritten
        public int First;
        public int Count;
    }
}

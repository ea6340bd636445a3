using System.Numerics;

namespace Outheis;

/// <summary>
/// Work that waits for a thread: first in, first out per quality of service, the highest band first; every n-th
/// piece, by <see cref="KernelOptions.FairShare"/>, is of the lowest waiting band, so that none starves. Linked, so
/// it has no memory of its own; the bound is its owner's, and so is the lock.
/// </summary>
internal struct OffloadQueue
{
    private readonly Band[] _bands = new Band[QosRules.Classes];
    private uint _waiting;      // bit b: band b is not empty
    private readonly int _share;
    private int _picks;         // since the lowest band had its share

    public OffloadQueue(int share) => _share = share;

    public int Count { get; private set; }

    public void Put(OffloadJob job)
    {
        ref Band band = ref _bands[(int)job.Qos];
        if (band.First is null)
        {
            band.First = job;
        }
        else
        {
            band.Last!.NextJob = job;
        }

        band.Last = job;
        _waiting |= 1u << (int)job.Qos;
        Count++;
    }

    public OffloadJob? Take()
    {
        if (_waiting == 0)
        {
            return null;
        }

        bool isLowests = ++_picks == _share;
        _picks = isLowests ? 0 : _picks;
        int index = isLowests ? BitOperations.TrailingZeroCount(_waiting) : BitOperations.Log2(_waiting);
        ref Band band = ref _bands[index];
        OffloadJob job = band.First!;
        (band.First, job.NextJob) = (job.NextJob, null);
        if (band.First is null)
        {
            band.Last = null;
            _waiting &= ~(1u << index);
        }

        Count--;
        return job;
    }

    private struct Band
    {
        public OffloadJob? First;
        public OffloadJob? Last;
    }
}

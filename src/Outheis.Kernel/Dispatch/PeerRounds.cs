namespace Outheis;

/// <summary>The other cores, each round beginning with the next one, so that none is always served first
/// (LW-26).</summary>
internal struct PeerRounds(int self, int cores)
{
    private readonly int _self = self;
    private readonly int _cores = cores;
    private int _first;      // how far behind self this round begins, from 0 to the number of peers

    /// <summary>A round: every peer once.</summary>
    public Round Next()
    {
        int peers = _cores - 1;
        _first = _first + 1 < peers ? _first + 1 : 0;
        return new Round(_self, _cores, _first);
    }

    /// <summary>Enumerates itself.</summary>
    public struct Round(int self, int cores, int first)
    {
        private readonly int _self = self;
        private readonly int _cores = cores;
        private readonly int _first = first;
        private int _done;

        public int Current { get; private set; }

        public readonly Round GetEnumerator() => this;

        public bool MoveNext()
        {
            int peers = _cores - 1;
            if (_done >= peers)
            {
                return false;
            }

            int behind = _first + _done++;
            int peer = _self + 1 + (behind < peers ? behind : behind - peers);
            Current = peer < _cores ? peer : peer - _cores;
            return true;
        }
    }
}

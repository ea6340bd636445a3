using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis.Bench.Parts;

/// <summary>The 64 bytes a log is given: a number, its complement, and six words that never change.</summary>
internal static class Record64
{
    public const int Bytes = 64;

    public static void Write(Span<byte> record, long number)
    {
        Unsafe.WriteUnaligned(ref record[0], number);
        Unsafe.WriteUnaligned(ref record[Bytes - sizeof(long)], ~number);
    }

    /// <summary>Takes records in the order in which a log gives them back.</summary>
    /// <param name="gone">How many of the first records the log was meant to have written over.</param>
    public sealed class Check(long gone = 0)
    {
        private long _last = gone;
        private long _count = gone;
        private long _sum = gone * (gone + 1) / 2;
        private long _disorder;

        public void Take(ReadOnlySpan<byte> record)
        {
            long number = MemoryMarshal.Read<long>(record);
            long complement = MemoryMarshal.Read<long>(record[(Bytes - sizeof(long))..]);
            if (record.Length != Bytes || number != _last + 1 || complement != ~number) _disorder++;
            _last = number;
            _sum += number;
            _count++;
        }

        public void Report(Round round) => round.Report(_count, _sum, _disorder);
    }
}

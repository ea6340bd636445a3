using System.Text;
using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests.Journal;

public sealed class JournalRecordsTests
{
    [Fact]
    public void WriteThenRead_EveryRecord_GivesItBack()
    {
        RoundTrip(new OpenedRecord(3, 4711, 638_000_000_000_000_000, "0.1.0"));
        RoundTrip(new ClosedRecord(3, 638_000_000_000_000_000));
        RoundTrip(new TickRecord(5));
        RoundTrip(new SchemaRecord(PayloadEncoding.Json, 0, "My.Record"));
        RoundTrip(new SpawnedRecord(1, 2, 3, "relay"));
        RoundTrip(new StartedRecord(uint.MaxValue));
        RoundTrip(new ExitedRecord(7, 2, "division by zero"));
        RoundTrip(new CapabilityRecord(1, 2, 7, "search the vault"));
        RoundTrip(new DeadLetterRecord(4, 1L << 60));
        RoundTrip(new SupervisedRecord(SupervisedRecord.Stop, true));
        RoundTrip(new MovedRecord(127));
        RoundTrip(new CorrelationRecord(ulong.MaxValue - 3));
    }

    [Fact]
    public void WriteThenRead_LongText_IsCutBetweenCharacters()
    {
        var record = new ExitedRecord(1, 2, "x" + new string('\u20AC', 1000));      // three bytes each
        byte[] bytes = new byte[record.Bytes];
        record.Write(bytes);
        Assert.True(ExitedRecord.TryRead(bytes, out ExitedRecord read));
        Assert.Equal("x" + new string('\u20AC', 341), read.Message);
        Assert.Equal(1024, Encoding.UTF8.GetByteCount(read.Message));
    }

    /// <summary>Text is cut to as many whole characters as fit; what cannot be encoded becomes U+FFFD.</summary>
    [Property(MaxTest = 200, EndSize = 400)]
    public bool WriteThenRead_AnyText_IsItsLongestBeginningThatFits(string? part, byte times, uint incarnation)
    {
        string text = string.Concat(Enumerable.Repeat(part ?? "", times));
        var model = new StringBuilder();
        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > JournalLimits.TextBytesMax)
            {
                break;
            }

            model.Append(rune);
        }

        var record = new SpawnedRecord(incarnation, 2, 3, text);
        byte[] written = new byte[record.Bytes];
        record.Write(written);
        return SpawnedRecord.TryRead(written, out SpawnedRecord read)
            && read == record with { Name = model.ToString() };
    }

    private static void RoundTrip<TRecord>(TRecord record)
        where TRecord : struct, IJournalRecord<TRecord>
    {
        byte[] bytes = new byte[record.Bytes];
        record.Write(bytes);
        Assert.True(TRecord.TryRead(bytes, out TRecord read));
        Assert.Equal(record, read);
        Assert.False(TRecord.TryRead(bytes.AsSpan(0, 3), out _));
    }
}

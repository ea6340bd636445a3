namespace Outheis;

/// <summary>Every bound of the journal. The default segment size is <c>Limits.SegmentBytes</c>.</summary>
internal static class JournalLimits
{
    public const int FormatVersion = 1;
    public const int Lanes = 128;                           // positions stay positive
    public const int SegmentBytesMin = 64 << 10;
    public const int SegmentBytesMax = 1 << 30;
    public const int SegmentGrain = 4096;
    public const int SegmentHeaderBytes = 4096;

    /// <summary>Kept free at a segment's end: one Closed record, then one slot for the padding.</summary>
    public const int ClosedRecordBytes = 96;
    public const int TailBytes = ClosedRecordBytes + RecordHeader.Alignment;

    public const int WindowBytes = 2 << 20;                 // made resident ahead of the appender at a time
    public const int FirstWindowBytes = 256 << 10;          // of a segment that was begun by an earlier run
    public const int SearchSegments = 16;                   // checksummed in a search beyond the end, at most
    public const int SpareBytes = 32 << 20;                 // of old segments, given up at a time to be overwritten
    public const int SparesMax = 8;                         // however small they are
    public const int SignalTextBytesMax = 256;              // an exception's type and message, each, in a signal
    public const int TextBytesMax = 1024;                   // names and messages in system records, UTF-8
    public const int LayoutBytesMax = 4096;                 // the fields of a message type in its Schema record, UTF-8
    public const int MarkerBytesMax = 512;                  // the lock file's text
    public const int ArchiveChunkBytes = 1 << 20;           // copied at a time

    /// <summary>After one that failed sealing or archiving is tried again.</summary>
    public static readonly TimeSpan ArchivePause = TimeSpan.FromSeconds(1);

    public const int ReadWindowBytes = 256 << 10;           // copied by a reader at a time
    public const int SeekWindowBytes = 16 << 10;            // the same, where single records are looked for
    public const int IndexSpacingBytes = 64 << 10;          // between two places of an index
    public const int LookAgainRecords = 4096;               // read before the lanes that had ended are looked at

    public static readonly TimeSpan FollowPauseMin = TimeSpan.FromMilliseconds(1);
    public static readonly TimeSpan FollowPauseMax = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan RetryAfterRefusal = TimeSpan.FromMilliseconds(10);

    // Compile-time relation: -1 is no byte.
    public const byte GrainFitsAlignment = SegmentGrain % RecordHeader.Alignment == 0 ? 1 : -1;
}

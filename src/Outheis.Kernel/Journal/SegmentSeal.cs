using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Outheis;

/// <summary>
/// What a full segment gets in the free part of its first page, at offset 128; the records stay as they are. Little
/// endian.
///
///  128     136       140     144             176         208          240              304              308     312
///  | magic | version | flags | previous (32) | hash (32) | keyId (32) | signature (64) | signatureBytes | crc32c |
///
///  hash      SHA-256 of: bytes 0..71 of the segment, bytes 128..175 (so of previous too), bytes 4096 up to the end
///  previous  the hash of the segment before; zeros where there is none, which Begins or Gap tells
///  signature of hash, by the key that keyId names; signatureBytes 0: not signed
///  crc32c    of bytes 128..307: a seal that a crash cut short is none
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal unsafe struct SegmentSeal
{
    public const int Offset = 128;
    public const int Bytes = 184;
    public const int HashBytes = SHA256.HashSizeInBytes;
    public const int KeyIdBytes = 32;
    public const int SignatureBytesMax = 64;
    public const int FormatVersion = 1;
    private const ulong MagicNumber = 0x4C414553_4854554F;      // "OUTHSEAL"
    private const int HashedBytes = 48;                          // of the seal itself
    private const int ImmutableHeaderBytes = 72;

    [FieldOffset(0)] public ulong Magic;
    [FieldOffset(8)] public int Version;
    [FieldOffset(12)] public SealFlags Flags;
    [FieldOffset(16)] public fixed byte PreviousHash[HashBytes];
    [FieldOffset(48)] public fixed byte SegmentHash[HashBytes];
    [FieldOffset(80)] public fixed byte SignerKeyId[KeyIdBytes];
    [FieldOffset(112)] public fixed byte SealSignature[SignatureBytesMax];
    [FieldOffset(176)] public int SignatureBytes;
    [FieldOffset(180)] public uint Crc;

    public readonly bool IsWhole => Magic == MagicNumber && Crc == ComputeCrc();

    public readonly byte[] Previous
    {
        get
        {
            fixed (byte* previous = PreviousHash)
            {
                return new ReadOnlySpan<byte>(previous, HashBytes).ToArray();
            }
        }
    }

    public readonly byte[] Hash
    {
        get
        {
            fixed (byte* hash = SegmentHash)
            {
                return new ReadOnlySpan<byte>(hash, HashBytes).ToArray();
            }
        }
    }

    public readonly byte[] KeyId
    {
        get
        {
            fixed (byte* key = SignerKeyId)
            {
                return new ReadOnlySpan<byte>(key, KeyIdBytes).ToArray();
            }
        }
    }

    public readonly byte[] Signature
    {
        get
        {
            fixed (byte* signature = SealSignature)
            {
                return new ReadOnlySpan<byte>(signature, Math.Clamp(SignatureBytes, 0, SignatureBytesMax)).ToArray();
            }
        }
    }

    /// <summary>The seal of a whole segment in memory.</summary>
    /// <param name="segment">Its first byte.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="previous">The hash of the segment before; empty: there is none to follow.</param>
    /// <param name="signer">Null: not signed.</param>
    public static SegmentSeal Of(byte* segment, long bytes, ReadOnlySpan<byte> previous, ISealSigner? signer)
    {
        var header = (SegmentHeader*)segment;
        var seal = new SegmentSeal
        {
            Magic = MagicNumber,
            Version = FormatVersion,
            Flags = !previous.IsEmpty ? SealFlags.None : header->Sequence == 0 ? SealFlags.Begins : SealFlags.Gap,
        };
        previous.CopyTo(new Span<byte>(seal.PreviousHash, HashBytes));
        byte[] hash = seal.HashOf(segment, bytes);
        hash.CopyTo(new Span<byte>(seal.SegmentHash, HashBytes));
        if (signer is not null)
        {
            signer.KeyId.CopyTo(new Span<byte>(seal.SignerKeyId, KeyIdBytes));
            seal.SignatureBytes = signer.Sign(hash, new Span<byte>(seal.SealSignature, SignatureBytesMax));
        }

        seal.Crc = seal.ComputeCrc();
        return seal;
    }

    /// <summary>What the hash of that segment must be, if this is its seal.</summary>
    public readonly byte[] HashOf(byte* segment, long bytes)
    {
        SegmentSeal copy = this;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(new ReadOnlySpan<byte>(segment, ImmutableHeaderBytes));
        hash.AppendData(new ReadOnlySpan<byte>(&copy, HashedBytes));
        hash.AppendData(new ReadOnlySpan<byte>(
            segment + JournalLimits.SegmentHeaderBytes, (int)bytes - JournalLimits.SegmentHeaderBytes));
        return hash.GetHashAndReset();
    }

    /// <summary>The same, of a file, which is read with a buffer of the caller's.</summary>
    public readonly byte[] HashOf(ISegmentFile file, byte[] chunk)
    {
        SegmentSeal copy = this;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        file.Read(0, chunk.AsSpan(0, ImmutableHeaderBytes));
        hash.AppendData(chunk.AsSpan(0, ImmutableHeaderBytes));
        hash.AppendData(new ReadOnlySpan<byte>(&copy, HashedBytes));
        int read;
        for (long at = JournalLimits.SegmentHeaderBytes; (read = file.Read(at, chunk)) > 0; at += read)
        {
            hash.AppendData(chunk.AsSpan(0, read));
        }

        return hash.GetHashAndReset();
    }

    /// <summary>Of a file, if it is that segment and has one.</summary>
    public static bool TryRead(ISegmentFile file, long sequence, out SegmentSeal seal)
    {
        SegmentSeal read = default;
        bool isThere = file.Read(Offset, new Span<byte>(&read, Bytes)) == Bytes;
        seal = read;
        return isThere && read.IsWhole && SegmentHeader.Read(file).Sequence == sequence;
    }

    public readonly uint ComputeCrc()
    {
        SegmentSeal copy = this;
        return Crc32C.Of((byte*)&copy, Bytes - sizeof(uint));
    }

    /// <summary>Something stands where seals do.</summary>
    public static bool IsTraceIn(ISegmentFile file) => HasBytes(file, Offset, Bytes);

    /// <summary>Something stands in the rest of the first page, which no hash covers.</summary>
    public static bool IsRubbishIn(ISegmentFile file) =>
        HasBytes(file, SegmentHeader.Bytes, Offset - SegmentHeader.Bytes)
        || HasBytes(file, Offset + Bytes, JournalLimits.SegmentHeaderBytes - Offset - Bytes);

    private static bool HasBytes(ISegmentFile file, int from, int count)
    {
        byte[] bytes = new byte[count];
        file.Read(from, bytes);
        return bytes.AsSpan().ContainsAnyExcept((byte)0);
    }
}

/// <summary>What a seal follows, if not the one of the segment before.</summary>
[Flags]
internal enum SealFlags
{
    None = 0,

    /// <summary>The lane's first segment.</summary>
    Begins = 1,

    /// <summary>The segment before was given up without a seal, or is not there any more.</summary>
    Gap = 2,
}

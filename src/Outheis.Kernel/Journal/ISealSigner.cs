namespace Outheis;

/// <summary>Signs the seals of journal segments. Outheis.Signing has one for Ed25519.</summary>
/// <remarks>Called by the journal's background thread, once per segment, before the segment may be archived. What it
/// throws ends the sealing of this run; <see cref="JournalInfo.SealFailure"/> says so.</remarks>
public interface ISealSigner
{
    /// <summary>Names the key, for whoever verifies: 32 bytes at most.</summary>
    ReadOnlySpan<byte> KeyId { get; }

    /// <summary>Signs one seal.</summary>
    /// <param name="hash">32 bytes: the segment's SHA-256, chained to the ones before it.</param>
    /// <param name="signature">Room of 64 bytes.</param>
    /// <returns>How many of them the signature takes.</returns>
    int Sign(ReadOnlySpan<byte> hash, Span<byte> signature);
}

/// <summary>Tells whether the signature of a seal is good.</summary>
public interface ISealKey
{
    /// <summary>False also for a key that this one knows nothing of.</summary>
    /// <param name="keyId">As the signer gave it, filled up with zeros to 32 bytes.</param>
    /// <param name="hash">What was signed: 32 bytes.</param>
    /// <param name="signature">Empty: the seal has none.</param>
    bool Verify(ReadOnlySpan<byte> keyId, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature);
}

using System.Security.Cryptography;
using NSec.Cryptography;
using PublicKey = NSec.Cryptography.PublicKey;

namespace Outheis.Signing;

/// <summary>The public half of a seal's key: tells whether a signature is good.</summary>
public sealed class Ed25519SealKey : ISealKey
{
    private readonly PublicKey _key;

    internal Ed25519SealKey(PublicKey key)
    {
        _key = key;
        Id = SHA256.HashData(key.Export(KeyBlobFormat.RawPublicKey));
    }

    internal byte[] Id { get; }

    /// <summary>The key in 64 hexadecimal digits, to compare by eye: the SHA-256 of its 32 bytes.</summary>
    public string Fingerprint => Convert.ToHexStringLower(Id);

    /// <summary>Reads a public key, or the public half of a private one.</summary>
    /// <param name="path">Of a file in PEM.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="FormatException">It holds no such key.</exception>
    public static Ed25519SealKey Load(string path)
    {
        byte[] text = File.ReadAllBytes(path);
        if (PublicKey.TryImport(SignatureAlgorithm.Ed25519, text, KeyBlobFormat.PkixPublicKeyText, out PublicKey? key)
            && key is not null)
        {
            return new Ed25519SealKey(key);
        }

        using Ed25519SealSigner signer = Ed25519SealSigner.Load(path);
        return signer.PublicKey;
    }

    /// <summary>Writes the public key into a file, for whoever is to verify.</summary>
    /// <param name="path">Of the file; what had the name is replaced.</param>
    public void Save(string path) => File.WriteAllBytes(path, _key.Export(KeyBlobFormat.PkixPublicKeyText));

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> keyId, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) =>
        keyId.SequenceEqual(Id) && signature.Length == SignatureAlgorithm.Ed25519.SignatureSize
        && SignatureAlgorithm.Ed25519.Verify(_key, hash, signature);
}

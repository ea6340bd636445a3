using System.Security.Cryptography;
using NSec.Cryptography;

namespace Outheis.Signing;

/// <summary>Signs the seals of a journal with an Ed25519 key that lies in a file.</summary>
/// <remarks>Whoever can read that file can sign: it belongs to the user that the kernel runs as, and nobody else. To
/// verify, the public key is enough: see <see cref="Ed25519SealKey"/>.</remarks>
public sealed class Ed25519SealSigner : ISealSigner, IDisposable
{
    private readonly Key _key;
    private readonly byte[] _keyId;

    private Ed25519SealSigner(Key key)
    {
        _key = key;
        PublicKey = new Ed25519SealKey(key.PublicKey);
        _keyId = PublicKey.Id;
    }

    /// <summary>What verifies its signatures.</summary>
    public Ed25519SealKey PublicKey { get; }

    /// <summary>The SHA-256 of the public key's 32 bytes.</summary>
    public ReadOnlySpan<byte> KeyId => _keyId;

    /// <summary>Makes a new key and writes it into a new file that only its owner may read.</summary>
    /// <param name="path">Of a file that does not exist.</param>
    /// <exception cref="IOException">It exists, or cannot be written.</exception>
    public static Ed25519SealSigner Create(string path)
    {
        var key = Key.Create(SignatureAlgorithm.Ed25519, new KeyCreationParameters
        {
            ExportPolicy = KeyExportPolicies.AllowPlaintextExport,
        });
        byte[] text = key.Export(KeyBlobFormat.PkixPrivateKeyText);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var file = new FileStream(path, options);
            file.Write(text);
            file.Flush(flushToDisk: true);
        }
        catch
        {
            key.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }

        return new Ed25519SealSigner(key);
    }

    /// <summary>Reads the key from a file.</summary>
    /// <param name="path">Of a file that <see cref="Create"/> wrote, or another one with an Ed25519 key in PEM.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="FormatException">It holds no such key.</exception>
    public static Ed25519SealSigner Load(string path)
    {
        byte[] text = File.ReadAllBytes(path);
        try
        {
            const KeyBlobFormat format = KeyBlobFormat.PkixPrivateKeyText;
            return Key.TryImport(SignatureAlgorithm.Ed25519, text, format, out Key? key) && key is not null
                ? new Ed25519SealSigner(key)
                : throw new FormatException($"{path} holds no Ed25519 private key in PEM.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <inheritdoc/>
    public int Sign(ReadOnlySpan<byte> hash, Span<byte> signature)
    {
        int bytes = SignatureAlgorithm.Ed25519.SignatureSize;
        SignatureAlgorithm.Ed25519.Sign(_key, hash, signature[..bytes]);
        return bytes;
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose() => _key.Dispose();
}

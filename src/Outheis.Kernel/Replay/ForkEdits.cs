using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>What is to be different in a fork: messages that wait at its moment, changed before they are handled.
/// </summary>
public sealed class ForkEdits
{
    internal Dictionary<long, ForkedMessage?> Changed { get; } = [];      // null: dropped

    internal List<(string Agent, ForkedMessage Message)> Added { get; } = [];

    /// <summary>Puts another message in the place of one that waits: of the same sender, for the same agent.</summary>
    /// <typeparam name="T">Its type; one that the agent handles.</typeparam>
    /// <param name="position">Of the message in the parent.</param>
    /// <param name="message">The message.</param>
    /// <returns>These edits, to go on.</returns>
    public ForkEdits Replace<T>(long position, T message)
    {
        Changed[position] = new ForkedMessage<T>(message);
        return this;
    }

    /// <summary>Takes a message away that waits.</summary>
    /// <param name="position">Of the message in the parent.</param>
    /// <returns>These edits, to go on.</returns>
    public ForkEdits Drop(long position)
    {
        Changed[position] = null;
        return this;
    }

    /// <summary>Adds a message from the host, behind those that wait.</summary>
    /// <typeparam name="T">Its type; one that the agent handles.</typeparam>
    /// <param name="agent">For whom, by name.</param>
    /// <param name="message">The message.</param>
    /// <returns>These edits, to go on.</returns>
    public ForkEdits Add<T>(string agent, T message)
    {
        ArgumentException.ThrowIfNullOrEmpty(agent);
        Added.Add((agent, new ForkedMessage<T>(message)));
        return this;
    }
}

/// <summary>A message as it will stand in the journal.</summary>
internal abstract class ForkedMessage
{
    public abstract (SchemaRecord Schema, byte[] Payload) Encode(MessageCodecs codecs);
}

internal sealed class ForkedMessage<T>(T message) : ForkedMessage
{
    public override (SchemaRecord Schema, byte[] Payload) Encode(MessageCodecs codecs)
    {
        if (codecs.Find(typeof(T)) is MessageCodec<T> codec)
        {
            var encoded = new ArrayBufferWriter<byte>();
            codec.Encode(in message, encoded);
            return (JournalTap.Describe<T>(PayloadEncoding.Json, 0), encoded.WrittenSpan.ToArray());
        }

        if (!Carriage<T>.IsRaw)
        {
            throw new ArgumentException(
                $"{typeof(T).Name} is no unmanaged struct and has no codec: give ReplayOptions.Codecs one with "
                + "AddJson.");
        }

        ReadOnlySpan<byte> bytes = MemoryMarshal.CreateReadOnlySpan(
            ref Unsafe.As<T, byte>(ref message), Unsafe.SizeOf<T>());
        return (JournalTap.Describe<T>(PayloadEncoding.Raw, bytes.Length), bytes.ToArray());
    }
}

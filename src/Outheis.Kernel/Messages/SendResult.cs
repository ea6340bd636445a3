namespace Outheis;

/// <summary>What became of a send. The zero value fails closed; on every value but <see cref="Sent"/> nothing
/// was written.</summary>
public enum SendResult : byte
{
    /// <summary>No such right: empty capability, another holder's, or without <see cref="Rights.Send"/>.
    /// Retrying cannot help.</summary>
    Denied = 0,

    /// <summary>
    /// From an agent: in the journal (if there is one) and in the target's channel. From a thread outside the
    /// kernel: in the ingress ring of the target's core, which appends it when it drains.
    /// </summary>
    Sent,

    /// <summary>The target's channel, the way to its core or the journal has no room. Retry later, shed, or
    /// use SendAsync.</summary>
    Full,

    /// <summary>The capability, or one it was derived from, was revoked. Retrying cannot help.</summary>
    Revoked,

    /// <summary>The target ended for good, or the kernel stopped. Retrying cannot help.</summary>
    Dead,

    /// <summary>Longer than <see cref="Limits.MessageBytesMax"/>, or its journaled form than
    /// <see cref="Limits.EncodedBytesMax"/>.</summary>
    TooLarge,

    /// <summary>It was to be <see cref="Durability.Durable"/>, and a flush to the disk has failed: this kernel can make
    /// nothing durable any more. Check the disk and start anew; retrying cannot help (ES-44).</summary>
    NotDurable,
}

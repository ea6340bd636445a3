using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>A copy of a message says what the message says. Which bytes it takes is in <see cref="LayoutTests"/>.
/// </summary>
public sealed unsafe class MessageTests
{
    [Property(MaxTest = 300)]
    public void CopyBody_AnyMessage_SaysTheSame(int seed, byte length, bool isExtended, bool hasReference)
    {
        var random = new Random(seed);
        Message from = default, to = default;
        random.NextBytes(new Span<byte>(&from, Limits.CellBytes));
        random.NextBytes(new Span<byte>(&to, Limits.CellBytes));
        from.PayloadBytes = (byte)(length % (Limits.InlineBytes + 1));
        from.Flags = (isExtended ? MessageFlags.Extended : MessageFlags.None)
            | (hasReference ? MessageFlags.Reference : MessageFlags.None);
        long next = to.Sequence;
        Message.CopyBody(&from, &to);
        Assert.Equal(next, to.Sequence);      // the link is the cell's, not the message's
        Assert.Equal(
            (from.Route, from.Target, from.Sender, from.Capability, from.Badge),
            (to.Route, to.Target, to.Sender, to.Capability, to.Badge));
        Assert.Equal(
            (from.Flags, from.Qos, from.PayloadBytes, from.Chain, from.Position),
            (to.Flags, to.Qos, to.PayloadBytes, to.Chain, to.Position));
        Assert.True(new Span<byte>(&from.Payload, from.PayloadBytes)
            .SequenceEqual(new Span<byte>(&to.Payload, from.PayloadBytes)));
        if (isExtended)
        {
            Assert.Equal(
                (from.Correlation, from.Trace, from.Deadline, from.Labels),
                (to.Correlation, to.Trace, to.Deadline, to.Labels));
        }
    }
}

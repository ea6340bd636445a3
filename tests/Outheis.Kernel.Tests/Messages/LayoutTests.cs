using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xunit;

namespace Outheis.Tests;

/// <summary>Sizes and offsets that the cost of a message hangs on.</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Message_IsTwoCacheLines() => Assert.Equal(128, Unsafe.SizeOf<Message>());

    [Theory]
    [InlineData(nameof(Message.Next), 0)]
    [InlineData(nameof(Message.Sequence), 0)]
    [InlineData(nameof(Message.Route), 8)]
    [InlineData(nameof(Message.Target), 12)]
    [InlineData(nameof(Message.Sender), 16)]
    [InlineData(nameof(Message.Capability), 20)]
    [InlineData(nameof(Message.Badge), 24)]
    [InlineData(nameof(Message.Flags), 32)]
    [InlineData(nameof(Message.Qos), 34)]
    [InlineData(nameof(Message.PayloadBytes), 35)]
    [InlineData(nameof(Message.Chain), 36)]
    [InlineData(nameof(Message.Position), 40)]
    [InlineData(nameof(Message.Payload), 48)]
    [InlineData(nameof(Message.Correlation), 96)]
    [InlineData(nameof(Message.Trace), 104)]
    [InlineData(nameof(Message.Deadline), 112)]
    [InlineData(nameof(Message.Labels), 120)]
    public void Message_Field_IsWhereItIsDrawn(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<Message>(field));

    [Fact]
    public void Payload_Longest_EndsBeforeTheExtension() =>
        Assert.True((int)Marshal.OffsetOf<Message>(nameof(Message.Payload)) + Limits.InlineBytes
            <= (int)Marshal.OffsetOf<Message>(nameof(Message.Correlation)));

    [Fact]
    public void Payload_HotPart_EndsTheFirstLine() =>
        Assert.Equal((Limits.HeaderBytes + Limits.HotPayloadBytes),
            (int)Marshal.OffsetOf<Message>(nameof(Message.Payload)) + Limits.HotPayloadBytes);

    [Theory]
    [InlineData(nameof(MessageStamp.Route))]
    [InlineData(nameof(MessageStamp.Target))]
    [InlineData(nameof(MessageStamp.Sender))]
    [InlineData(nameof(MessageStamp.Capability))]
    [InlineData(nameof(MessageStamp.Badge))]
    [InlineData(nameof(MessageStamp.Flags))]
    [InlineData(nameof(MessageStamp.Qos))]
    [InlineData(nameof(MessageStamp.PayloadBytes))]
    [InlineData(nameof(MessageStamp.Chain))]
    public void MessageStamp_Field_LiesAsInTheMessage(string field) =>
        Assert.Equal(
            (int)Marshal.OffsetOf<Message>(field) - (int)Marshal.OffsetOf<Message>(nameof(Message.Route)),
            (int)Marshal.OffsetOf<MessageStamp>(field));

    [Fact]
    public void MessageStamp_IsOneStore() => Assert.Equal(32, Unsafe.SizeOf<MessageStamp>());

    [Theory]
    [InlineData(typeof(PaddedFlag), 2)]
    [InlineData(typeof(ConsumerSide), 3)]
    public void Padded_StartsOnLinesOfItsOwn(Type type, int lines)
    {
        Assert.Equal(lines * CacheLine.Bytes, type.StructLayoutAttribute!.Size);
        Assert.All(FieldOffsets(type), offset => Assert.True(offset >= CacheLine.Bytes));
    }

    [Theory]
    [InlineData(typeof(CoreRing), "ProducerSide")]
    [InlineData(typeof(Ingress), "ProducersSide")]
    public void Ring_SendersSide_StartsOnLinesOfItsOwn(Type ring, string side)
    {
        Type type = ring.GetNestedType(side, BindingFlags.NonPublic)!;
        Assert.Equal(2 * CacheLine.Bytes, type.StructLayoutAttribute!.Size);
        Assert.All(FieldOffsets(type), offset => Assert.True(offset >= CacheLine.Bytes));
    }

    [Fact]
    public void ConsumerSide_HeadThatProducersRead_IsApartFromWhatTheConsumerWrites()
    {
        int next = (int)Marshal.OffsetOf<ConsumerSide>(nameof(ConsumerSide.Next));
        Assert.Equal(CacheLine.Bytes, (int)Marshal.OffsetOf<ConsumerSide>(nameof(ConsumerSide.Head)) - next);
    }

    [Fact]
    public void Credits_WhatSendersWrite_IsALineAwayFromTheHomeSide()
    {
        int senders = (int)Marshal.OffsetOf<Credits>("_taken");
        Assert.True(senders - (int)Marshal.OffsetOf<Credits>("_returned") - sizeof(int) >= 64);
        Assert.True(Unsafe.SizeOf<Credits>() - (int)Marshal.OffsetOf<Credits>("_capacity") - sizeof(int) >= 64);
    }

    /// <summary>What other threads read on every send must not lie beside what a core writes for each message.
    /// </summary>
    [Fact]
    public void Faces_WhatOthersRead_IsALineAwayFromWhatTheCoreWrites()
    {
        using var world = new StepKernel(1);
        Core core = world.Kernel.Cores[0];
        var agent = new AgentCell(world.Kernel, core, new AgentId(7), null, null, null, Qos.Default, 16);
        Assert.True(Distance(ref core.IngressWaiters, ref core.Counters) >= CacheLine.Bytes);
        Assert.True(Distance(ref core.IngressWaiters, ref core.Running) >= CacheLine.Bytes);
        Assert.True(Distance(ref agent.Waiters, ref agent.State) >= CacheLine.Bytes / 2);
        Assert.True(Distance(ref agent.Waiters, ref agent.Inbox) >= CacheLine.Bytes / 2);
    }

    private static long Distance<TFrom, TTo>(ref TFrom from, ref TTo to) =>
        Unsafe.ByteOffset(ref Unsafe.As<TFrom, byte>(ref from), ref Unsafe.As<TTo, byte>(ref to));

    private static IEnumerable<int> FieldOffsets(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(field => field.GetCustomAttribute<FieldOffsetAttribute>()!.Value);

    [Fact]
    public unsafe void CopyBody_ShortMessage_CopiesTheFirstLineButItsFirstWord()
    {
        Message from = default, to = default;
        Fill(&from, 1);
        Fill(&to, 99);
        from.PayloadBytes = Limits.HotPayloadBytes;
        from.Flags = MessageFlags.Reference;
        Message.CopyBody(&from, &to);
        AssertBytes(&from, &to, 8, 64);
        AssertFilled(&to, 0, 8, 99);
        AssertFilled(&to, 64, 128, 99);
    }

    [Theory, InlineData(Limits.HotPayloadBytes + 1, 0), InlineData(0, 1), InlineData(48, 1)]
    public unsafe void CopyBody_LongOrExtended_CopiesBothLines(byte payloadBytes, ushort flags)
    {
        Message from = default, to = default;
        Fill(&from, 1);
        Fill(&to, 99);
        from.PayloadBytes = payloadBytes;
        from.Flags = (MessageFlags)flags;
        Message.CopyBody(&from, &to);
        AssertBytes(&from, &to, 8, 128);
        AssertFilled(&to, 0, 8, 99);
    }

    private static unsafe void Fill(Message* message, byte value) => new Span<byte>(message, 128).Fill(value);

    private static unsafe void AssertBytes(Message* from, Message* to, int start, int end) =>
        Assert.True(new Span<byte>(from, 128)[start..end].SequenceEqual(new Span<byte>(to, 128)[start..end]));

    private static unsafe void AssertFilled(Message* message, int start, int end, byte value) =>
        Assert.False(new Span<byte>(message, 128)[start..end].ContainsAnyExcept(value));
}

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
    [InlineData(nameof(Message.Position), 32)]
    [InlineData(nameof(Message.Flags), 40)]
    [InlineData(nameof(Message.Qos), 42)]
    [InlineData(nameof(Message.PayloadBytes), 43)]
    [InlineData(nameof(Message.Chain), 44)]
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

    [Fact]
    public void MessageStamp_CoversRouteToBadge()
    {
        Assert.Equal(24, Unsafe.SizeOf<MessageStamp>());
        Assert.Equal(0, (int)Marshal.OffsetOf<MessageStamp>(nameof(MessageStamp.Route)));
        Assert.Equal(4, (int)Marshal.OffsetOf<MessageStamp>(nameof(MessageStamp.Target)));
        Assert.Equal(8, (int)Marshal.OffsetOf<MessageStamp>(nameof(MessageStamp.Sender)));
        Assert.Equal(12, (int)Marshal.OffsetOf<MessageStamp>(nameof(MessageStamp.Capability)));
        Assert.Equal(16, (int)Marshal.OffsetOf<MessageStamp>(nameof(MessageStamp.Badge)));
    }

    [Fact]
    public void PaddedSequence_HasItsLinesForItself()
    {
        Assert.Equal(2 * CacheLine.Bytes, Unsafe.SizeOf<PaddedSequence>());
        Assert.Equal(CacheLine.Bytes, (int)Marshal.OffsetOf<PaddedSequence>("_value"));
    }

    [Theory]
    [InlineData("ProducerSide", 2)]
    [InlineData("ConsumerSide", 3)]
    [InlineData("Flag", 2)]
    public void CoreRing_Side_StartsOnLinesOfItsOwn(string side, int lines)
    {
        Type type = typeof(CoreRing).GetNestedType(side, BindingFlags.NonPublic)!;
        Assert.Equal(lines * CacheLine.Bytes, type.StructLayoutAttribute!.Size);
        Assert.All(
            type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic),
            field => Assert.True(field.GetCustomAttribute<FieldOffsetAttribute>()!.Value >= CacheLine.Bytes));
    }

    [Fact]
    public void CoreRing_HeadThatTheProducerReads_IsApartFromWhatTheConsumerWrites()
    {
        Type side = typeof(CoreRing).GetNestedType("ConsumerSide", BindingFlags.NonPublic)!;
        int next = side.GetField("Next")!.GetCustomAttribute<FieldOffsetAttribute>()!.Value;
        int head = side.GetField("Head")!.GetCustomAttribute<FieldOffsetAttribute>()!.Value;
        Assert.Equal(CacheLine.Bytes, head - next);
    }

    [Fact]
    public void Credits_WhatAnyThreadWrites_IsALineAwayFromTheHomeSide()
    {
        int shared = (int)Marshal.OffsetOf<Credits>("_shared");
        int lastOfHome = (int)Marshal.OffsetOf<Credits>("_homeTook") + sizeof(int);
        Assert.True(shared - lastOfHome >= 56, $"{shared - lastOfHome} bytes between home and shared");
        Assert.True(Unsafe.SizeOf<Credits>() - shared >= 64);
    }

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

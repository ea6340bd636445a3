using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis.Tests.Shapes;

// Message types of every shape. Generated code sees them through the agent at the end.

internal enum Color : short
{
    Red = -1,
    Green,
    Blue = 300,
}

internal enum Bare : byte;

internal readonly record struct Numbers(
    sbyte A, byte B, short C, ushort D, int E, uint F, long G, ulong H, Int128 I, UInt128 J);

internal readonly record struct Reals(float A, double B, Half C, decimal D, float Nan, double Infinite);

internal readonly record struct Others(bool A, char B, Guid C, AgentId D, nint E, nuint F);

internal readonly record struct Times(byte Before, DateTime A, byte Between, TimeSpan B, DateTimeOffset C, DateTime D);

internal readonly record struct Colors(Color Named, Color Unnamed, Bare Empty, Color Last);

internal readonly record struct Empty;

internal readonly record struct Inner(byte Small, long Large);

internal readonly record struct Nested(bool Before, Inner First, Empty Nothing, Inner Second, byte After);

[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct Union
{
    [FieldOffset(12)] public int Late;
    [FieldOffset(3)] public short Odd;
    [FieldOffset(12)] public float Same;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct Packed
{
    public byte A;
    public long B;
    public readonly short C;

    public Packed(byte a, long b, short c) => (A, B, C) = (a, b, c);
}

[StructLayout(LayoutKind.Auto)]
internal readonly record struct Reordered(byte A, long B, byte C, int D);

[InlineArray(3)]
internal struct Three
{
    private short _element;
}

internal struct WithArray
{
    public byte Before;
    public Three Three;
    private int _after;

    public int After { readonly get => _after; set => _after = value; }
}

internal unsafe struct WithBuffer
{
    public int Before;
    public fixed byte Data[5];
}

internal unsafe struct WithHiddenBuffer
{
    private fixed byte _data[4];

    public void Set(byte value) => _data[3] = value;
}

internal readonly record struct Pair<T>(byte Tag, T Value)
    where T : unmanaged, IEquatable<T>;

internal struct Outer<T>
{
    public struct Held
    {
        private T _value;

        public Held(T value) => _value = value;

        public readonly T Value => _value;
    }
}

internal readonly record struct Optional(byte A, int? B);

internal readonly record struct Framework(DateOnly Day, Index Place, byte After);

internal readonly struct Captured(int hidden, byte shown)
{
    public byte Shown { get; } = shown;

    public int Twice() => hidden * 2;
}

internal readonly record struct @class(int @int, byte Größe);

[MessageName("shop.sold"), MessageVersion(3)]
internal readonly record struct Renamed(int Amount);

[MessageName("shop.told"), MessageVersion(4)]
internal sealed record Told(string Text);

internal readonly record struct Asked(short Number);

internal readonly record struct Replied(ushort Number);

internal sealed class ShapesAgent : Agent, IHandle<Numbers>, IHandle<Reals>, IHandle<Others>, IHandle<Times>,
    IHandle<Colors>, IHandle<Empty>, IHandle<Nested>, IHandle<Union>, IHandle<Packed>, IHandle<Reordered>,
    IHandle<WithArray>, IHandle<WithBuffer>, IHandle<WithHiddenBuffer>, IHandle<Pair<int>>, IHandle<Pair<Guid>>,
    IHandle<Outer<long>.Held>, IHandle<Optional>, IHandle<Framework>, IHandle<Captured>, IHandle<@class>,
    IHandle<Renamed>, IHandle<Told>, IHandle<int>, IHandle<Color>, IHandle<(byte First, long Second)>, IHandle<Three>,
    IHandle<DateOnly>, IHandle<ShapesAgent.Private>, IAnswerAsync<Asked, Replied>
{
    /// <summary>What generated code cannot name.</summary>
    private readonly record struct Private(int Number);

    public static JournalShape PrivateShape => JournalShape.Of(new Private(5), null);

    public void Handle(in Numbers message, Context context) { }

    public void Handle(in Reals message, Context context) { }

    public void Handle(in Others message, Context context) { }

    public void Handle(in Times message, Context context) { }

    public void Handle(in Colors message, Context context) { }

    public void Handle(in Empty message, Context context) { }

    public void Handle(in Nested message, Context context) { }

    public void Handle(in Union message, Context context) { }

    public void Handle(in Packed message, Context context) { }

    public void Handle(in Reordered message, Context context) { }

    public void Handle(in WithArray message, Context context) { }

    public void Handle(in WithBuffer message, Context context) { }

    public void Handle(in WithHiddenBuffer message, Context context) { }

    public void Handle(in Pair<int> message, Context context) { }

    public void Handle(in Pair<Guid> message, Context context) { }

    public void Handle(in Outer<long>.Held message, Context context) { }

    public void Handle(in Optional message, Context context) { }

    public void Handle(in Framework message, Context context) { }

    public void Handle(in Captured message, Context context) { }

    public void Handle(in @class message, Context context) { }

    public void Handle(in Renamed message, Context context) { }

    public void Handle(in Told message, Context context) { }

    public void Handle(in int message, Context context) { }

    public void Handle(in Color message, Context context) { }

    public void Handle(in (byte First, long Second) message, Context context) { }

    public void Handle(in Three message, Context context) { }

    public void Handle(in DateOnly message, Context context) { }

    void IHandle<Private>.Handle(in Private message, Context context) { }

    public ValueTask<Replied> AnswerAsync(
        Asked request, AgentContext context, CancellationToken cancellationToken) => new(new Replied(7));
}

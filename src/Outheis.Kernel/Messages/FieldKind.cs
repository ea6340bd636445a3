using System.Diagnostics.CodeAnalysis;

namespace Outheis;

/// <summary>How the bytes of a field are read. Little endian.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "A kind is named after the type that it reads.")]
public enum FieldKind : byte
{
    /// <summary>As they are: what has no other kind.</summary>
    Bytes = 0,

    /// <summary>A signed number of one byte.</summary>
    Int8,

    /// <summary>A number of one byte.</summary>
    UInt8,

    /// <summary>A signed number of two bytes.</summary>
    Int16,

    /// <summary>A number of two bytes.</summary>
    UInt16,

    /// <summary>A signed number of four bytes.</summary>
    Int32,

    /// <summary>A number of four bytes.</summary>
    UInt32,

    /// <summary>A signed number of eight bytes.</summary>
    Int64,

    /// <summary>A number of eight bytes.</summary>
    UInt64,

    /// <summary>A signed number of sixteen bytes.</summary>
    Int128,

    /// <summary>A number of sixteen bytes.</summary>
    UInt128,

    /// <summary>A floating point number of two bytes.</summary>
    Half,

    /// <summary>A floating point number of four bytes.</summary>
    Single,

    /// <summary>A floating point number of eight bytes.</summary>
    Double,

    /// <summary>A <see cref="decimal"/>.</summary>
    Decimal,

    /// <summary>0 or 1 in one byte.</summary>
    Boolean,

    /// <summary>One unit of UTF-16.</summary>
    Char,

    /// <summary>A <see cref="System.Guid"/>.</summary>
    Guid,

    /// <summary>A <see cref="DateTime"/>.</summary>
    Time,

    /// <summary>A <see cref="TimeSpan"/>.</summary>
    Span,

    /// <summary>A <see cref="DateTimeOffset"/>.</summary>
    Offset,

    /// <summary>An <see cref="AgentId"/>.</summary>
    Agent,
}

/// <summary>Name and length of each kind, as the journal has them.</summary>
internal static class FieldKinds
{
    private static readonly (string Name, int Length)[] s_kinds =
    [
        ("bytes", 0), ("i8", 1), ("u8", 1), ("i16", 2), ("u16", 2), ("i32", 4), ("u32", 4), ("i64", 8), ("u64", 8),
        ("i128", 16), ("u128", 16), ("f16", 2), ("f32", 4), ("f64", 8), ("decimal", 16), ("bool", 1), ("char", 2),
        ("guid", 16), ("time", 8), ("span", 8), ("offset", 16), ("agent", 4),
    ];

    public static string Name(FieldKind kind) => s_kinds[(int)kind].Name;

    public static int Length(FieldKind kind) => s_kinds[(int)kind].Length;

    public static bool IsInteger(FieldKind kind) => kind is >= FieldKind.Int8 and <= FieldKind.UInt64;

    public static bool TryFind(ReadOnlySpan<char> name, out FieldKind kind)
    {
        for (int i = 0; i < s_kinds.Length; i++)
        {
            if (name.SequenceEqual(s_kinds[i].Name))
            {
                kind = (FieldKind)i;
                return true;
            }
        }

        kind = default;
        return false;
    }
}

namespace Outheis;

/// <summary>
/// What the journal says about a message type besides its number: a name, a version and, of an unmanaged struct,
/// where its fields lie. This package's source generator registers one for the message types of each agent class.
/// </summary>
/// <remarks>Immutable. The kernel looks it up when a type is first used in a lane, and never again.</remarks>
public sealed class MessageLayout
{
    /// <summary>Describes a message type.</summary>
    /// <param name="name">Its name in the journal; one line.</param>
    /// <param name="version">Counted by the type's author, from 1.</param>
    /// <param name="fields">In the order in which they are shown; null: unknown, or the payload describes
    /// itself.</param>
    public MessageLayout(string name, ushort version = 1, IReadOnlyList<MessageField>? fields = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfZero(version);
        if (name.AsSpan().ContainsAny('\r', '\n'))
        {
            throw new ArgumentException("The name of a message type is one line.", nameof(name));
        }

        (Name, Version, Fields) = (name, version, fields);
    }

    /// <summary>Its name in the journal.</summary>
    public string Name { get; }

    /// <summary>Its version, from 1.</summary>
    public ushort Version { get; }

    /// <summary>Its fields; null: unknown, or the payload describes itself. A struct without fields has none, and
    /// that is known.</summary>
    public IReadOnlyList<MessageField>? Fields { get; }

    /// <summary>Says how <typeparamref name="T"/> is described from now on. Any thread; the newest
    /// counts.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="layout">Called when somebody first asks: where nothing is journaled nothing is measured. If it
    /// throws, the type has no layout.</param>
    public static void Register<T>(Func<MessageLayout> layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Registered<T>.Layout = null;
        Registered<T>.Make = layout;
        MessageTypes.Add<T>();
    }

    /// <summary>How <typeparamref name="T"/> is described; null: nobody did.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    public static MessageLayout? Of<T>() => Registered<T>.Layout ?? Measure<T>();

    /// <summary>The name of <typeparamref name="T"/> in the journal: the type's own, unless a layout says
    /// otherwise.</summary>
    internal static string NameOf<T>() => Of<T>()?.Name ?? Registered<T>.TypeName;

    /// <summary>The version of <typeparamref name="T"/> in the journal.</summary>
    internal static int VersionOf<T>() => Of<T>()?.Version ?? 1;

    /// <summary>What <see cref="JournalEntry.TypeName"/> is for a <typeparamref name="T"/>.</summary>
    internal static string SimpleNameOf<T>() => JournalType.Simple(NameOf<T>());

    // The layout is immutable: two threads that measure at once find the same.
    private static MessageLayout? Measure<T>()
    {
        try
        {
            return Registered<T>.Layout = Registered<T>.Make?.Invoke();
        }
        catch (Exception)
        {
            // A field that the compiler saw and the run time does not have. The bytes are journaled all the same.
            Registered<T>.Make = null;
            return null;
        }
    }

    private static class Registered<T>
    {
        public static readonly string TypeName = typeof(T).ToString();
        public static Func<MessageLayout>? Make;
        public static MessageLayout? Layout;
    }
}

/// <summary>One field of an unmanaged struct.</summary>
public sealed class MessageField
{
    /// <summary>The name of a field that is the whole message, as of an int.</summary>
    public const string Whole = ".";

    /// <summary>Describes a field.</summary>
    /// <param name="name">Without blanks; of a field in a field with a dot between; <see cref="Whole"/>: the message
    /// itself.</param>
    /// <param name="kind">How its bytes are read.</param>
    /// <param name="offset">Its first byte, counted from the message's first.</param>
    /// <param name="length">In bytes; only where the kind does not say it: <see cref="FieldKind.Bytes"/>.</param>
    /// <param name="values">Of an enum the names of its values, as in <c>Red=0,Green=1</c>; null of anything
    /// else.</param>
    public MessageField(string name, FieldKind kind, int offset, int length = 0, string? values = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (name.AsSpan().ContainsAny(" \r\n") || values.AsSpan().ContainsAny(" \r\n"))
        {
            throw new ArgumentException("Names of fields and values have no blanks.", nameof(name));
        }

        (Name, Kind, Offset, Values) = (name, kind, offset, values);
        Length = kind == FieldKind.Bytes ? length : FieldKinds.Length(kind);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>How its bytes are read.</summary>
    public FieldKind Kind { get; }

    /// <summary>Its first byte, counted from the message's first.</summary>
    public int Offset { get; }

    /// <summary>In bytes.</summary>
    public int Length { get; }

    /// <summary>Of an enum the names of its values, as in <c>Red=0,Green=1</c>.</summary>
    public string? Values { get; }
}

/// <summary>The stable name of a message type in the journal, for when the type is renamed or moved. Seen by the source
/// generator, so only where generated code can name the type.</summary>
/// <param name="name">One line, at most 1024 bytes of UTF-8.</param>
[AttributeUsage(AttributeTargets.Struct | AttributeTargets.Class, Inherited = false)]
public sealed class MessageNameAttribute(string name) : Attribute
{
    /// <summary>The name in the journal.</summary>
    public string Name { get; } = name;
}

/// <summary>The version of a message type in the journal; 1 where nothing says otherwise. Seen by the source generator,
/// so only where generated code can name the type.</summary>
/// <param name="version">From 1. Raise it when the meaning of the content changes.</param>
[AttributeUsage(AttributeTargets.Struct | AttributeTargets.Class, Inherited = false)]
public sealed class MessageVersionAttribute(ushort version) : Attribute
{
    /// <summary>The version in the journal.</summary>
    public ushort Version { get; } = version;
}

using System.Runtime.CompilerServices;
using Microsoft.Extensions.ObjectPool;

namespace Outheis;

/// <summary>How a message type travels. Every property is a constant to the compiler once T is
/// known.</summary>
internal static class Carriage<T>
{
    /// <summary>Inside the cell.</summary>
    public static bool IsInline =>
        !RuntimeHelpers.IsReferenceOrContainsReferences<T>() && Unsafe.SizeOf<T>() <= Limits.InlineBytes;

    /// <summary>Beside the cell, as the object that it is.</summary>
    public static bool IsReference => !typeof(T).IsValueType;

    /// <summary>Beside the cell, in a pooled box: a longer struct or one that holds references.</summary>
    public static bool IsBoxed => !IsInline && !IsReference;

    public static bool IsTooLarge => typeof(T).IsValueType && Unsafe.SizeOf<T>() > Limits.MessageBytesMax;

    /// <summary>Whether the bytes of T are its whole content, so that the journal can keep them as they
    /// are.</summary>
    public static bool IsRaw => !RuntimeHelpers.IsReferenceOrContainsReferences<T>();

    public static MessageFlags Flags => IsInline ? MessageFlags.None : MessageFlags.Reference;

    public static int InlineBytes => IsInline ? Unsafe.SizeOf<T>() : 0;

    /// <summary>The object that travels beside the cell.</summary>
    public static object Wrap(in T message)
    {
        if (IsReference)
        {
            return message!;
        }

        PooledBox<T> box = PooledBox<T>.Pool.Get();
        box.Value = message;
        return box;
    }

    /// <summary>The message in what <see cref="Wrap"/> made.</summary>
    public static ref T Unwrap(ref object reference)
    {
        if (IsReference)
        {
            return ref Unsafe.As<object, T>(ref reference);
        }

        return ref Unsafe.As<PooledBox<T>>(reference).Value;
    }

    /// <summary>What carries one more copy of the message.</summary>
    public static object Copy(object reference) => IsReference ? reference : Wrap(in Unwrap(ref reference));

    /// <summary>Gives the box back once nobody looks at the message any more.</summary>
    public static void Release(object reference)
    {
        if (IsBoxed)
        {
            PooledBox<T> box = Unsafe.As<PooledBox<T>>(reference);
            box.Value = default!;
            PooledBox<T>.Pool.Return(box);
        }
    }
}

/// <summary>Carries one struct beside a cell without boxing it anew each time.</summary>
internal sealed class PooledBox<T>
{
    public static readonly ObjectPool<PooledBox<T>> Pool = new DefaultObjectPool<PooledBox<T>>(new Policy(), 1024);

    public T Value = default!;

    private sealed class Policy : PooledObjectPolicy<PooledBox<T>>
    {
        public override PooledBox<T> Create() => new();

        public override bool Return(PooledBox<T> obj) => true;
    }
}

using System.Reflection;
using Microsoft.Coyote.Specifications;

namespace Outheis.Coyote;

/// <summary>
/// A small concurrent program over the kernel's own types, with claims about every way in which it may go. Coyote runs
/// it again and again, each time as a new object and in another order. Nothing in it depends on the clock or on chance,
/// so that a schedule can be replayed.
/// </summary>
/// <remarks>Constructor, <see cref="Check"/> and a Dispose run outside Coyote's control, before and after: their steps
/// need no exploring.</remarks>
internal abstract class Scenario
{
    public static IEnumerable<string> Names => typeof(Scenario).Assembly.GetTypes()
        .Where(static type => type.BaseType == typeof(Scenario) && !type.IsAbstract)
        .Select(static type => type.Name).Order();

    /// <summary>What Coyote schedules.</summary>
    public abstract void Run();

    /// <summary>Looks at what is left when a schedule has ended without a failure.</summary>
    public virtual void Check()
    {
    }

    /// <summary>Runs the sides as threads until all have ended.</summary>
    protected static void Together(params Action[] sides)
    {
        Thread[] threads = [.. sides.Select(static side => new Thread(() => side()))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
    }

    /// <summary>What a type of the kernel keeps to itself.</summary>
    protected static FieldInfo Field<T>(string name) =>
        typeof(T).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!;

    protected static void Claim(bool holds, string what) => Specification.Assert(holds, what);
}

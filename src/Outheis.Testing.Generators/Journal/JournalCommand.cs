using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>What happens to a journal.</summary>
public enum JournalVerb
{
    /// <summary>A record is written.</summary>
    Append,

    /// <summary>A long record is written, one that soon fills a segment.</summary>
    AppendLong,

    /// <summary>A record is begun and never committed.</summary>
    Begin,

    /// <summary>The journal is closed and opened again.</summary>
    Close,

    /// <summary>The process is killed; what it wrote is in memory that outlives it.</summary>
    Kill,

    /// <summary>The process is killed and the machine starts anew.</summary>
    PowerCycle,
}

/// <summary>One step in the life of a journal.</summary>
/// <param name="Verb">What happens.</param>
/// <param name="Lane">From 0 to <see cref="Lanes"/> - 1.</param>
/// <param name="Bytes">Of the payload, from 0; of a long record 100 times that.</param>
public readonly record struct JournalCommand(JournalVerb Verb, int Lane, int Bytes)
{
    /// <summary>Lanes of the journal.</summary>
    public const int Lanes = 2;

    /// <summary>Mostly appends, so that there is something to lose.</summary>
    public static Gen<JournalCommand> Generator { get; } =
        from verb in Gen.Frequency(
            (40, Gen.Constant(JournalVerb.Append)), (10, Gen.Constant(JournalVerb.AppendLong)),
            (3, Gen.Constant(JournalVerb.Begin)), (2, Gen.Constant(JournalVerb.Close)),
            (2, Gen.Constant(JournalVerb.Kill)), (1, Gen.Constant(JournalVerb.PowerCycle)))
        from lane in Gen.Choose(0, Lanes - 1)
        from bytes in Gen.Choose(0, 200)
        select new JournalCommand(verb, lane, bytes);

    /// <summary>Bytes of the payload that is written.</summary>
    public int PayloadBytes => Verb == JournalVerb.AppendLong ? Bytes * 100 : Bytes;

    /// <summary>Earlier verbs, the first lane, less to write.</summary>
    public static IEnumerable<JournalCommand> Shrink(JournalCommand command) =>
        Smaller.Values(command.Verb).Select(verb => command with { Verb = verb })
            .Concat(Smaller.Numbers(command.Lane).Select(lane => command with { Lane = lane }))
            .Concat(Smaller.Numbers(command.Bytes).Select(bytes => command with { Bytes = bytes }));
}

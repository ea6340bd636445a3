namespace Outheis;

/// <summary>What a journal record says. Past tense: a record is a fact. Numbers are never re-used.</summary>
public enum JournalKind : byte
{
    /// <summary>No record has this kind.</summary>
    None = 0,

    /// <summary>A run of the kernel began; the first record of a run in each of its lanes.</summary>
    Opened = 1,

    /// <summary>The wall time of the records that follow in this lane.</summary>
    Tick = 2,

    /// <summary>A message type got its number for this run.</summary>
    Schema = 3,

    /// <summary>An agent got its id, name, supervisor.</summary>
    Spawned = 4,

    /// <summary>The first incarnation of an agent began.</summary>
    Started = 5,

    /// <summary>A later incarnation of an agent began.</summary>
    Restarted = 6,

    /// <summary>An incarnation ended, and why.</summary>
    Exited = 7,

    /// <summary>A capability was granted by the host or by an agent's endowment.</summary>
    Granted = 8,

    /// <summary>A capability was derived from another one.</summary>
    Derived = 9,

    /// <summary>A capability was revoked, and everything derived from it.</summary>
    Revoked = 10,

    /// <summary>A message was accepted. With a correlation it is a request.</summary>
    Sent = 11,

    /// <summary>The answer to the request of the same correlation.</summary>
    Replied = 12,

    /// <summary>The agents of this lane's core took these messages, in this order.</summary>
    Consumed = 13,

    /// <summary>A message was accepted and not handled.</summary>
    DeadLetter = 14,

    /// <summary>The asker of this correlation gave up.</summary>
    TimedOut = 15,

    /// <summary>The run ended as it should; the last record of a run in each of its lanes.</summary>
    Closed = 16,
}

/// <summary>How the payload of a message type stands in the journal.</summary>
public enum PayloadEncoding : byte
{
    /// <summary>Not at all: the record has no payload, only the type's name is known.</summary>
    Opaque = 0,

    /// <summary>The bytes of an unmanaged struct.</summary>
    Raw = 1,

    /// <summary>UTF-8 JSON.</summary>
    Json = 2,
}

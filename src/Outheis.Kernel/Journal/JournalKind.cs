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

    /// <summary>A durable agent was handed something that no message says: a time, a random number.</summary>
    Observed = 17,

    /// <summary>A message that an earlier process left unhandled is being handled now, or one whose handler threw is
    /// to be handled once more.</summary>
    Attempted = 18,

    /// <summary>A message was set aside because too many attempts to handle it ended an agent or the
    /// process.</summary>
    Quarantined = 19,

    /// <summary>A person decided about a message in quarantine: it is to be tried again, or dropped.</summary>
    Released = 20,

    /// <summary>The state of a durable agent after everything that it has taken so far.</summary>
    Snapshot = 21,

    /// <summary>A durable agent's send was refused.</summary>
    Refused = 22,

    /// <summary>A durable agent is about to act on the world outside.</summary>
    EffectBegun = 23,

    /// <summary>It has acted, and what came of it.</summary>
    EffectEnded = 24,

    /// <summary>The run that began here builds on these ends of lanes, which may not have been durable then.</summary>
    BuiltOn = 25,

    /// <summary>This journal goes on from a moment of another one, its parent: what follows up to the end of this run
    /// was taken from there.</summary>
    Forked = 26,

    /// <summary>A supervisor decided about a child: to restart it, or to end it for good.</summary>
    Supervised = 27,

    /// <summary>A durable agent has a timer that outlives the process, in place of one of the same key.</summary>
    Armed = 28,

    /// <summary>It has no timer of this key any more.</summary>
    Disarmed = 29,

    /// <summary>An agent left this lane's core for another one; or came to this one, and the cause is that it
    /// left.</summary>
    Moved = 30,

    /// <summary>A durable agent goes on with a message that it had taken, and not handled to its end, when its process
    /// was killed.</summary>
    Resumed = 31,
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

/*
 * Two cores that are full towards each other (INV-04): CoreRing, the outbox per peer and its flag, Core.RunPass.
 *
 * Each core has messages for the other. A message goes into the ring if there is a slot and nothing waits before it,
 * else into the core's outbox, and the core says that it is blocked. Memory is in order here: what the fences are for
 * is park.pml's question, so Announce and the last look are two plain steps.
 *
 * Checked: no core sleeps for ever while something is under way (no invalid end state); messages come in order and a
 * ring holds no more than its slots (assertions); all arrive (ltl arrived, weak fairness).
 *
 * Defines that break it:
 *   NO_WAKE        a consumer that freed slots does not wake a blocked sender
 *   SENDER_WAITS   a sender that finds the ring full waits for room; there is no outbox
 *   NO_LAST_LOOK   a core that parks does not look for room for its outbox once more
 *   OVERTAKES      a message goes into the ring though others wait before it
 */
#define SLOTS    2                                  /* Limits.RingSlots */
#define RESUME   1                                  /* Limits.RingResumeSlots: half */
#define MESSAGES 5                                  /* per direction: more than both rings hold */

chan ring[2] = [SLOTS] of { byte };                 /* by sender; what is in the slots */
byte used[2];                                       /* tail - head: slots that are not yet given back */
bool blocked[2];                                    /* CoreRing._blocked, by sender */
bool parked[2];                                     /* Parker._parked */
byte arrived[2];                                    /* by receiver */

#define peer (1 - me)
#define hasRoomToResume (SLOTS - used[me] >= RESUME)    /* CoreRing.HasRoomToResume */
#define isFull (used[me] == SLOTS)                      /* CoreRing.TryClaim == null */

inline Wake(core)                                   /* Parker.Wake */
{
    parked[core] = false
}

inline Publish(message)                             /* CoreRing.TryClaim, Publish */
{
    atomic { assert(used[me] < SLOTS); used[me]++; ring[me]!message }
}

/* Core.DrainRing, one burst: takes one or more, gives the slots back, wakes a sender that is blocked. */
inline Drain()
{
    taken = 0;
    do
    :: nempty(ring[peer]) ->
        atomic { ring[peer]?message; taken++; arrived[me]++; assert(message == arrived[me]) }
    :: taken > 0 -> break
    :: empty(ring[peer]) -> break
    od;
    if
    :: taken > 0 ->
        used[peer] = used[peer] - taken;            /* CoreRing.Free */
#ifndef NO_WAKE
        if
        :: blocked[peer] -> Wake(peer)
        :: else
        fi
#endif
    :: else
    fi
}

/* Core.FlushOutbox. */
inline Flush()
{
    if
    :: waiting > 0 && hasRoomToResume ->
        do
        :: waiting > 0 && !isFull -> Publish(sent - waiting + 1); waiting--
        :: else -> break
        od;
        if
        :: waiting == 0 -> blocked[me] = false
        :: else
        fi;
        Wake(peer)
    :: else
    fi
}

/* Core.DispatchAway of the next message; sent counts those accepted, waiting those of them in the outbox. */
inline Send()
{
#ifdef SENDER_WAITS
    !isFull;
    sent++;
    Publish(sent);
    Wake(peer)
#else
    sent++;
    if
#ifdef OVERTAKES
    :: !isFull -> Publish(sent); Wake(peer)
    :: isFull ->
#else
    :: waiting == 0 && !isFull -> Publish(sent); Wake(peer)
    :: waiting > 0 || isFull ->
#endif
        if                                          /* Core.Detain */
        :: waiting == 0 -> blocked[me] = true
        :: else
        fi;
        waiting++
    fi
#endif
}

#define isDone (arrived[0] == MESSAGES && arrived[1] == MESSAGES)
#define hasWork (nempty(ring[peer]) || sent < MESSAGES)

proctype Core(byte me)
{
    byte sent, waiting, taken, message;
    bool found, isFirst;

    do
    :: true ->
        /* RunPass: arrivals, outbox, then a turn that sends one message or more */
        Drain();
        Flush();
        isFirst = true;
        do
        :: sent < MESSAGES -> Send(); isFirst = false
        :: !isFirst || sent == MESSAGES -> break
        od;
        if
        :: hasWork                                  /* the next pass finds it */
        :: else ->
            /* PinnedThreads.Driver.Idle */
            parked[me] = true;                      /* Parker.Announce */
#ifdef NO_LAST_LOOK
            found = nempty(ring[peer]);
#else
            found = nempty(ring[peer]) || (waiting > 0 && hasRoomToResume);     /* Core.HasWork */
#endif
            if
            :: found -> parked[me] = false          /* Parker.Cancel */
            :: else ->
                (!parked[me] || isDone) ->          /* Parker.Sleep; with nothing under way the model ends */
                if
                :: isDone -> break
                :: else
                fi
            fi
        fi
    od;
    assert(waiting == 0)
}

init
{
    atomic { run Core(0); run Core(1) }
}

ltl arrived_all { <> isDone }

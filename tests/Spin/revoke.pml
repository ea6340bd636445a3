/*
 * Revocation against sends of outside threads through the same capability (F9, F10), with x86 store buffers: HostPort,
 * Ingress, Revocation, and the core that drains.
 *
 * Checked: once the revocation is done, no message sent through the capability is delivered (assertion), and it gets
 * done (no invalid end state; ltl done, weak fairness).
 *
 * Defines that break it:
 *   NO_FENCE         Revocation.Run without F9
 *   NO_SECOND_LOOK   a sender does not look at the rights again after its claim (F10)
 *   NO_WAIT          the core passes its fence without waiting for what was claimed
 *   NO_VOID          a sender that is refused by its second look leaves its slot as it is
 */
#define SENDERS 2

#define FREE  0                                     /* what a slot holds */
#define VOID  1
#define VALID 2

chan revokerBuffer = [1] of { bit };                /* the revoker's store to the rights */
bool revoked;                                       /* CapabilityNode._live == 0 */
byte tail;                                          /* Ingress.Tail: positions claimed */
byte slot[SENDERS];                                 /* each sender sends once, so the ring needs no more */
bool posted;                                        /* Core.Control holds the fence */
byte claimed;                                       /* what the fence waits for */
bool done;                                          /* the task of RevokeAsync */

proctype Sender()
{
    byte position;
    bool isRevoked;

    if                                              /* HostPort.Send: the first look, CapabilityNode.Allows */
    :: revoked                                      /* refused */
    :: else ->
        atomic { position = tail; tail++ }          /* Ingress.TryClaim, F10: compare-and-swap */
#ifdef NO_SECOND_LOOK
        isRevoked = false;
#else
        isRevoked = revoked;                        /* the second look */
#endif
        if                                          /* Ingress.Publish; TSO keeps it behind the look */
#ifdef NO_VOID
        :: isRevoked
#else
        :: isRevoked -> slot[position] = VOID
#endif
        :: else -> slot[position] = VALID
        fi
    fi
}

active proctype Revoker()
{
    revokerBuffer!1;                                /* CapabilityNode.Kill */
#ifndef NO_FENCE
    empty(revokerBuffer);                           /* F9 */
#endif
    claimed = tail;                                 /* Ingress.Claimed */
    empty(revokerBuffer);                           /* Core.Post: ControlQueue.Push is interlocked */
    posted = true
}

active proctype Core()
{
    byte drained;

end:
    do
    /* Core.RunControl: Revocation.Fence.Run */
#ifdef NO_WAIT
    :: posted && !done -> done = true
#else
    :: posted && !done && drained >= claimed -> done = true
#endif
    /* Core.DrainIngress */
    :: drained < SENDERS && slot[drained] != FREE ->
        assert(!(done && slot[drained] == VALID));      /* what was promised */
        drained++
    od
}

active proctype Memory()
{
    bit value;
end:
    do
    :: atomic { revokerBuffer?value -> revoked = true }
    od
}

init
{
    byte i;
    atomic { for (i : 1 .. SENDERS) { run Sender() } }
}

ltl done_in_the_end { <> done }

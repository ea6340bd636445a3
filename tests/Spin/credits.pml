/*
 * Sends that wait for room in a channel (F4, F5), with x86 store buffers: Credits, WaitList, HostSend.WaitForRoom and
 * the end of a turn in Core.EndTurn.
 *
 * The channel has one credit. Senders take it, send, and wait when there is none; the core handles a message and
 * returns its credit. The sender's own words are changed by compare-and-swap alone; only the core has stores that wait.
 *
 * Checked: nobody waits for ever (no invalid end state); the bound holds (assertion, C1); all is sent (ltl sent_all,
 * weak fairness).
 *
 * Defines that break it:
 *   NO_FENCE         Credits.Settle without F4
 *   NO_SECOND_LOOK   a sender does not look for room once more after it was added (F5)
 */
#define SENDERS  2
#define MESSAGES 2                                  /* per sender */
#define TOTAL    (SENDERS * MESSAGES)

chan coreBuffer = [1] of { byte };                  /* the core's stores to returned */
byte taken;                                         /* Credits._taken: compare-and-swap */
byte returned;                                      /* Credits._returned */
bool listed[SENDERS];                               /* WaitList: who is in it */
bool woken[SENDERS];                                /* Waiter.Wake: tries again */
byte inbox;
byte handled;

#define free (1 - (taken - returned))               /* Credits.Free, capacity 1 */

inline WakeAll()                                    /* WaitList.WakeAll: one exchange takes the list */
{
    d_step {
        for (other : 0 .. SENDERS - 1) {
            if
            :: listed[other] -> listed[other] = false; woken[other] = true
            :: else
            fi
        }
        other = 0
    }
}

proctype Sender(byte me)
{
    byte sent, other;

    do
    :: sent == MESSAGES -> break
    :: else ->
        if
        :: atomic { free > 0 -> taken++; assert(taken - returned <= 1) };       /* Credits.TakeShared */
            sent++;
            atomic { inbox++; assert(inbox <= 1) }
        :: free == 0 ->
            listed[me] = true;                      /* WaitList.Add, F5: compare-and-swap */
#ifndef NO_SECOND_LOOK
            if                                      /* the second look for room */
            :: free > 0 -> WakeAll()
            :: else
            fi;
#endif
            woken[me];                              /* tries again when somebody says so */
            woken[me] = false
        fi
    od
}

active proctype Core()
{
    byte other, home;

    do
    :: handled == TOTAL -> break
    :: inbox > 0 ->
        atomic { inbox--; handled++ }
        /* Credits.Settle */
        home++;
        coreBuffer!home;
#ifndef NO_FENCE
        empty(coreBuffer);                          /* F4 */
#endif
        if                                          /* agent.Waiters.Any */
        :: listed[0] || listed[1] -> WakeAll()
        :: else
        fi
    od
}

active proctype Memory()
{
    byte value;
end:
    do
    :: atomic { coreBuffer?value -> returned = value }
    od
}

init
{
    byte i;
    atomic { for (i : 0 .. SENDERS - 1) { run Sender(i) } }
}

ltl sent_all { <> (handled == TOTAL) }

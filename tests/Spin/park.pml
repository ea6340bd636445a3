/*
 * Sleep and wake: Parker and PinnedThreads.Driver.Idle (F1, F2), with x86 store buffers.
 *
 * A core handles what wakers publish, and parks when there is nothing. Each thread's stores wait in its buffer until
 * they reach memory, at any later moment; loads read memory. No thread loads a word that it itself stores, but for
 * exchanges, which come after its buffer is empty: so loads need not look into the buffer.
 *
 * Checked: nobody waits for ever (no invalid end state); after each sleep no signal and no announcement is left
 * (assertions); all work is handled in the end (ltl handled, weak fairness).
 *
 * Defines that break it:
 *   NO_FENCE         Announce without any fence
 *   PLAIN_FENCE      Announce with a fence of the sleeper alone, not of the whole process
 *   NO_LAST_LOOK     sleep without looking for work once more
 *   CANCEL_LEAVES    Cancel does not wait for the signal of a waker that took the announcement
 *   TIMEOUT_LEAVES   nor does a sleep whose time is over
 */
#define WAKERS 2
#define ITEMS  2
#define TOTAL  (WAKERS * ITEMS)

chan coreBuffer = [1] of { bit };                   /* the core's stores to parked */
chan buffer[WAKERS] = [ITEMS] of { byte };          /* a waker's stores to work */

bit parked;                                         /* Parker._parked */
byte work[WAKERS];                                  /* published so far: a ring's sequence, a queue's top */
byte handled;
bool signaled;                                      /* Parker._signaled, under the lock */
bool locked, waiting, pulsed;                       /* the monitor of Parker._lock */

/* lock (_lock): interlocked, so the thread's buffer is empty afterwards. */
inline Lock(own)
{
    atomic { !locked && empty(own) -> locked = true }
}

/* Interlocked.Exchange(ref _parked, 0). */
inline TakeAnnouncement(own, old)
{
    atomic { empty(own) -> old = parked; parked = 0 }
}

/* Monitor.Wait: gives the lock back, waits for a pulse or for the time, takes the lock again. A pulse that comes
   between the end of the time and the lock meets nobody. */
inline Wait(isTimed)
{
    atomic { waiting = true; pulsed = false; locked = false };
    if
    :: atomic { pulsed -> waiting = false; wasPulsed = true }
    :: atomic { isTimed && !pulsed -> waiting = false; wasPulsed = false }
    fi;
    Lock(coreBuffer)
}

/* Parker.Sleep. */
inline Sleep(isTimed)
{
    Lock(coreBuffer);
    if
    :: signaled
    :: else ->
        Wait(isTimed);
        if
        :: wasPulsed
        :: else ->
            TakeAnnouncement(coreBuffer, old);
#ifndef TIMEOUT_LEAVES
            do                                      /* a waker took it: its signal is on the way */
            :: old == 1 || signaled -> break
            :: old == 0 && !signaled -> Wait(false)
            od
#endif
        fi
    fi;
    atomic { signaled = false; locked = false }
}

active proctype Core()
{
    byte seen[WAKERS];
    byte i;
    bool found, wasPulsed, isTimed;
    bit old;

    do
    :: handled == TOTAL -> break
    :: handled < TOTAL ->
        /* RunPass */
        found = false;
        for (i : 0 .. WAKERS - 1) {
            if
            :: work[i] > seen[i] -> atomic { seen[i]++; handled++; found = true }
            :: else
            fi
        }
        if
        :: found
        :: else ->
            /* Parker.Announce */
            coreBuffer!1;
#ifndef NO_FENCE
            empty(coreBuffer);                      /* F1: the sleeper's own stores are visible ... */
#ifndef PLAIN_FENCE
            for (i : 0 .. WAKERS - 1) {
                empty(buffer[i])                    /* ... and each other thread passed a fence, at some moment */
            }
#endif
#endif
            /* the last look: Core.HasWork */
#ifndef NO_LAST_LOOK
            for (i : 0 .. WAKERS - 1) {
                found = found || work[i] > seen[i]
            }
#endif
            if
            :: found ->
                /* Parker.Cancel */
                TakeAnnouncement(coreBuffer, old);
#ifndef CANCEL_LEAVES
                if
                :: old == 0 -> Sleep(false)         /* a waker took it: its signal is on the way */
                :: else
                fi
#endif
            :: else ->
                if                                  /* Core.SleepAtMost: with a deadline or without */
                :: isTimed = true
                :: isTimed = false
                fi;
                Sleep(isTimed)
            fi;
            assert(!signaled);                      /* or the next sleep would end by itself */
            assert(parked == 0)                     /* or a waker would wake who is awake */
        fi
    od
}

proctype Waker(byte me)
{
    byte item;
    bit old;

    for (item : 1 .. ITEMS) {
        buffer[me]!item;                            /* publish: a release store */
        if                                          /* Parker.Wake, F2: a load, no fence */
        :: parked == 0
        :: parked == 1 ->
            TakeAnnouncement(buffer[me], old);
            if
            :: old == 0                             /* somebody else owns the wake */
            :: else ->
                Lock(buffer[me]);
                signaled = true;
                pulsed = waiting;                   /* Monitor.Pulse */
                locked = false
            fi
        fi
    }
}

/* The processors: stores reach memory, each thread's in its order. */
active proctype Memory()
{
    bit announced;
end:
    do
    :: atomic { coreBuffer?announced -> parked = announced }
    od
}

proctype WorkMemory(byte waker)
{
    byte item;
end:
    do
    :: atomic { buffer[waker]?item -> work[waker] = item }
    od
}

init
{
    byte i;
    atomic {
        for (i : 0 .. WAKERS - 1) {
            run Waker(i);
            run WorkMemory(i)
        }
    }
}

ltl handled_all { <> (handled == TOTAL) }

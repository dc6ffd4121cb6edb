/*
 * bugs.h - the planted bugs, once: what --bug= calls each of them, whether the service hangs with it, what it does, and
 * the finding that Kiwi raises.
 */
#ifndef SERVICE_BUGS_H
#define SERVICE_BUGS_H

#include <stdbool.h>

#define BUGS(X)                                                                                                        \
    X(ORDER, "order", false, "the summary at the end locks totals, then shards, SET the other way: lock-order-cycle")  \
    X(POLL, "poll", false, "every fourth turn of the event loop waits with the connections locked: lock-across-poll")  \
    X(FSYNC, "fsync", false, "the audit log is synced line by line under its lock: lock-across-block")                 \
    X(UNLOCK, "unlock", false, "a refused SET unlocks the totals twice: unlock-not-owner")                             \
    X(DESTROY, "destroy", false, "the audit log's condition variable is destroyed with a waiter: destroy-busy")        \
    X(SELF, "self", true, "PURGE locks a shard that it has locked already: self-deadlock")                             \
    X(DEADLOCK, "deadlock", true, "MOVE locks two shards in the order of its arguments: deadlock")

enum bug {
#define X(id, name, hangs, text) BUG_BIT_##id,
    BUGS(X)
#undef X
#define X(id, name, hangs, text) BUG_##id = 1 << BUG_BIT_##id,
            BUGS(X)
#undef X
};

/* Adds the bug called `name`, or with "all" every one that does not hang. Returns false if there is no such bug. */
bool bugs_add(unsigned *bugs, const char *name);

/* One line a bug on standard output. */
void bugs_print(void);

#endif

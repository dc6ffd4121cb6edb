/*
 * call_use.h - the blocking calls of a trace: those of one kind, call path and held set are one, whichever threads made
 * them; those that could not block are by themselves.
 *
 *     struct call_uses *u = call_uses_open(m);
 *     for (uint32_t i = 0; i < u->count; i++)
 *         use(&u->items[i]);
 *     call_uses_close(u);
 *
 * Times are in ticks of the clock, and of calls that waited: those that took KIWI_CALL_WAITED_NS or more.
 */
#ifndef KIWI_CALL_USE_H
#define KIWI_CALL_USE_H

#include "durations.h"
#include "model.h"

/* Where it stands to an event loop. */
enum call_loop {
    CALL_LOOP_NONE,  /* made outside of ticks */
    CALL_LOOP_WAIT,  /* the loop's own wait for events */
    CALL_LOOP_TICKS, /* made inside ticks, too */
};

struct call_use {
    uint32_t kind, stack;
    uint32_t held;           /* chain row of the held set, 0 = no lock */
    bool nonblocking;        /* none of them could block */
    uint32_t first, members; /* rows[first ...] */
    uint64_t count, waited, total, max, errors, bytes;
    uint64_t disturbed, disturbed_total; /* calls during which others wanted a held lock, and for how long */
    uint64_t tiny;
    uint64_t first_ticks, last_ticks;
    uint64_t running_since; /* of those that are going on the one that began first, 0 = none, or not timed */
    uint32_t running;       /* threads that are in it at the moment of the trace */
    uint32_t flags;         /* KIWI_CALLF_*, of all members */
    uint32_t peer;          /* PEERS row, 0 = not known */
    uint32_t thread;        /* row of who made a slow one, 0 = gone, or none was */
    uint32_t last_errno;
    enum call_loop loop;
};

struct call_uses {
    struct model *m;
    struct call_use *items; /* longest in all first */
    uint32_t count;
    uint32_t *rows;   /* CALLS rows, those of one use side by side */
    uint32_t *of_row; /* while it is opened: by CALLS row 1 + index into items */
    uint32_t row_count;
    struct durations *durations;
};

struct call_uses *call_uses_open(struct model *m); /* NULL when out of memory */
void call_uses_close(struct call_uses *u);

/* Time in all, with what the longest of those going on has taken until `now`. */
uint64_t call_use_total(const struct call_use *use, uint64_t now);
/* How many durations are known: fewer than waited where there was no room. */
uint64_t call_use_timed(const struct call_uses *u, const struct call_use *use);
/* The duration that so many of a hundred of those that waited stayed below; 0 if none is known. */
uint64_t call_use_quantile(const struct call_uses *u, const struct call_use *use, unsigned percent);

/* How calls of this kind and path failed (whatever was held), most often first. Returns the number, at most max. */
struct call_error {
    uint32_t error; /* errno */
    uint64_t count;
};
unsigned call_use_errors(const struct call_uses *u, const struct call_use *use, struct call_error *errors,
                         unsigned max);
/* "socket, pipe": the kinds of descriptors it was made on; "" if that is not known. Returns text. */
const char *call_use_descriptors(const struct call_use *use, char *text, size_t size);
/* "cache_lock in svc, log_lock in svc", outermost first; "" if none was held. Returns text. */
const char *call_use_held(const struct call_uses *u, const struct call_use *use, char *text, size_t size);
#endif

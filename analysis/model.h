/*
 * model.h - what the trace says, put together: totals folded, held sets expanded, order by create/join, names.
 *
 * One model per trace. Detectors read the model and the reader's rows, never raw bytes.
 */
#ifndef KIWI_MODEL_H
#define KIWI_MODEL_H

#include "reader.h"

struct symbols;

#define MODEL_MAX_HELD 64 /* locks of a held set that are expanded; the innermost ones count */

/* Totals of one acquisition row: its own fields plus what live threads' cache lines hold. */
struct model_acquisition {
    uint64_t count;
    const struct kiwi_acquisition *row;
};

/* One lock of a held set, outermost first. */
struct model_held {
    uint32_t row; /* acquisition row by which it was taken */
    uint32_t object;
    uint32_t stack;
    uint8_t mode, how;
};

#define MODEL_MAX_SLOT_HELD 4096 /* held locks of one thread that are read */

/* A lock that a live thread holds. */
struct model_holder {
    uint32_t thread; /* row */
    uint32_t slot;
    uint32_t object; /* 0 = it has no row: address alone is known */
    uint32_t stack;  /* where it was taken */
    uint8_t mode, how;
    bool releasing; /* its unlock has begun: it may have let go already */
    struct kiwi_held held;
};

/* A live thread that asks for a lock. */
struct model_waiter {
    uint32_t thread; /* row */
    uint32_t slot;
    uint32_t object; /* 0 = it has no row: address alone is known */
    uint64_t address;
    uint32_t row;   /* acquisition row of the request, 0 = none made */
    uint32_t stack; /* of the request */
    uint8_t mode, how;
    uint32_t want;  /* KIWI_WANT_TAKING (may own it already), _WAITING or _TIMED */
    uint64_t since; /* ticks, 0 = not timed */
};

struct order;
struct holders;
struct addresses;
struct names;

struct model {
    struct trace *trace;
    struct symbols *symbols;                /* may be NULL: no symbolization (unit tests) */
    struct model_acquisition *acquisitions; /* index = row, acquisition_count entries; .row NULL if not published */
    uint64_t *call_counts;                  /* index = call row: count including cache lines */
    uint32_t acquisition_count, call_count;
    struct order *order, *signal_order; /* private to the model's files, as those below */
    struct addresses *addresses;
    struct holders *holders;
    struct names *names;
};

/* symbols may be NULL. Takes ownership of neither. Returns NULL only when out of memory. */
struct model *model_open(struct trace *trace, struct symbols *symbols);
void model_close(struct model *m);

/* Expands the held set that chain row `row` stands for (the lock of `row` itself last). Returns the number, at
 * most max. */
unsigned model_held_set(const struct model *m, uint32_t row, struct model_held *out, unsigned max);

/* The held array of a live thread's slot, from its chunk or inline; `since` is 0 where it was not timed. Returns
 * the number. */
unsigned model_slot_held(const struct model *m, const struct kiwi_slot *s, struct kiwi_held *out, unsigned max);

/* The object that is alive at an address (of several generations the latest), 0 = none known. */
uint32_t model_object_at(const struct model *m, uint64_t address);

/* Everything that a slot's thread holds, outermost first; a lock that it is letting go of comes last. Returns the
 * number. */
unsigned model_slot_holds(const struct model *m, uint32_t slot, struct model_holder *out, unsigned max);
/* What a slot's thread asks for; false if nothing. */
bool model_slot_wants(const struct model *m, uint32_t slot, struct model_waiter *out);

/* Who holds an object, and who asks for it, at the moment of the trace: *count entries that live as long as the model
 * (several holders: readers of a rwlock, or two copies of one moment in a live trace). NULL and 0 if nobody. */
const struct model_holder *model_holders(const struct model *m, uint32_t object, uint32_t *count);
const struct model_waiter *model_waiters(const struct model *m, uint32_t object, uint32_t *count);

/* true if every moment of segment a is ordered before every moment of segment b by create/join (or program order of one
 * thread). Unknown segments (0) are ordered with nothing. */
bool model_segment_before(const struct model *m, uint32_t a, uint32_t b);
/* The same, or by signals: condition variables and semaphores, as far as they were noted. */
bool model_segment_signalled_before(const struct model *m, uint32_t a, uint32_t b);
/* Both threads were alive at one moment (their life spans overlap). */
bool model_threads_overlap(const struct model *m, uint32_t thread_a, uint32_t thread_b);

/*
 * Names for people; results live as long as the model. Of an object the best that is known: "cache_lock in memcached",
 * "mutex at +0x28 in a 96-byte block allocated at conn_new conn.c:112", "mutex initialised at f a.c:3", "mutex first
 * locked at f a.c:3", "mutex 0x7f...".
 */
const char *model_object_name(struct model *m, uint32_t object);
const char *model_object_kind(const struct model *m, uint32_t object); /* "mutex" */
/* The name of a lock of which perhaps only the address is known. */
const char *model_lock_name(struct model *m, uint32_t object, uint64_t address);
/* Row of the thread in whose stack an object lies, as it made or first used the object, or as it is still alive; 0 = in
 * no such stack. */
uint32_t model_stack_owner(const struct model *m, uint32_t object);
const char *model_thread_name(struct model *m, uint32_t thread); /* "T3 \"worker\" (tid 4711, start worker_main)" */
const char *model_duration(struct model *m, uint64_t ticks);     /* "1.25 ms" */
/* The innermost frame that is the user's (place_user_location): "conn_new conn.c:112", "memcached+0x1f30", "an unknown
 * place". */
const char *model_site(struct model *m, uint32_t stack);
/* A call of enum kiwi_call_kind: "recv"; a wait at a futex by what the user's code called, "std::future<int>::get". */
const char *model_call(struct model *m, uint32_t kind, uint32_t stack);
/* As model_site, but in a library where it is one that keeps the object, or runs the loop, for whoever calls it. */
const char *model_inner_site(struct model *m, uint32_t stack);
#endif

#include "call.h"

#include "../base/clock.h"
#include "../base/sys.h"
#include "acquisition.h"
#include "await.h"
#include "contention.h"
#include "descriptor.h"
#include "exchange.h"
#include "failure.h"
#include "histogram.h"
#include "idle.h"
#include "loop.h"
#include "shutdown.h"
#include "tick.h"
#include "watch.h"

#include <errno.h>
#include <sys/resource.h>

#define SWITCHES_UNKNOWN (-1L)
#define TICK_STALL_NS 1000000u
#define TIME_SLICE_US 20000u /* a preempted thread runs again within this, but for a badly overloaded machine */

static enum kiwi_call_group call_group(uint32_t kind)
{
    switch (kind) {
#define X(id, name, text, group)                                                                                       \
    case id:                                                                                                           \
        return KIWI_GROUP_##group;
        KIWI_CALLS(X)
#undef X
    default:
        return KIWI_GROUP_IO;
    }
}

/* Voluntary context switches of the thread so far: a call that made none did not wait, however long it took. */
static long voluntary_switches(void)
{
    struct rusage usage;
    if (region.frozen || sys_failed(sys_call3(SYS_getrusage, RUSAGE_THREAD, (long)&usage, 0)))
        return SWITCHES_UNKNOWN;
    return usage.ru_nvcsw;
}

struct call_key {
    uint32_t kind, stack, held, thread_class;
    uint32_t nonblocking; /* KIWI_CALLF_NONBLOCKING or 0: how many of them could not block is known by the row */
};

static bool call_same(uint32_t row, const void *key)
{
    const struct call_key *k = key;
    const struct kiwi_call *c = region_call(row);
    return c->kind == k->kind && c->stack == k->stack && c->held == k->held && c->thread_class == k->thread_class &&
           (RELAXED_LOAD(&c->flags) & KIWI_CALLF_NONBLOCKING) == k->nonblocking;
}

static uint32_t call_make(const void *key)
{
    const struct call_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_CALLS, 1);
    if (!row)
        return 0;
    struct kiwi_call *c = region_call(row);
    c->kind = k->kind;
    c->stack = k->stack;
    c->held = k->held;
    c->thread_class = k->thread_class;
    c->flags = k->nonblocking;
    c->first_ticks = clock_ticks();
    return row;
}

static void call_publish(uint32_t row)
{
    region_publish(&region_call(row)->state, KIWI_ROW_LIVE);
}

/* A line of the cache is for one combination of flags, so that they are added to the row only once. */
#define CALL_FLAGS_SHIFT 24 /* ACQUISITION_STACK is below */

static void flags_add(struct kiwi_call *row, uint32_t flags)
{
    if ((RELAXED_LOAD(&row->flags) & flags) != flags)
        __atomic_fetch_or(&row->flags, flags, __ATOMIC_RELAXED);
}

static void note_descriptor(struct kiwi_call *row, int fd)
{
    const struct kiwi_descriptor *d = fd >= 0 ? descriptor_row(fd) : NULL;
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE)
        return;
    flags_add(row, KIWI_CALLF_DESCRIPTOR(d->kind & 15u));
    if (d->peer && !RELAXED_LOAD(&row->peer))
        RELAXED_STORE(&row->peer, d->peer);
}

static COLD struct kiwi_cache_entry *line_new(struct thread *t, enum kiwi_call_kind kind, uint32_t word, int fd)
{
    uint32_t stack = ACQUISITION_STACK(word), flags = word >> CALL_FLAGS_SHIFT;
    static const struct index_ops ops = {call_same, call_make, call_publish};
    struct call_key key = {kind, stack, t->chain, t->thread_class, flags & KIWI_CALLF_NONBLOCKING};
    uint64_t h = hash_mix(((uint64_t)stack << 32 | key.held) ^ hash_mix((uint64_t)kind << 32 | key.thread_class));
    uint32_t row = index_get(&memory.calls, h ^ key.nonblocking, &ops, &key);
    if (row) {
        flags_add(region_call(row), flags);
        note_descriptor(region_call(row), fd);
    }
    return acquisition_cache_put(t, kind, word, row);
}

/* A signal handler's call must not make its thread look as if it were not in poll any more. */
static COLD void outer_save(struct call_record *c, const struct kiwi_slot *s)
{
    c->outer_row = s->call_row;
    c->outer_flags = s->call_flags;
    c->outer_since = s->call_since;
    c->outer_object = s->call_object;
}

static COLD void outer_restore(const struct call_record *c, struct kiwi_slot *s)
{
    s->call_row = c->outer_row;
    s->call_flags = c->outer_flags;
    s->call_since = c->outer_since;
    s->call_object = c->outer_object;
    COMPILER_BARRIER(); /* as in enter */
    RELAXED_STORE(&s->call_kind, c->outer_kind);
}

/* Counts the call `weight` times; 0 = it found no row. */
static ALWAYS_INLINE uint32_t count_call(const struct call_record *c, struct thread *t, enum kiwi_call_kind kind,
                                         uint32_t stack, uint32_t flags, uint32_t weight)
{
    acquisition_chain(t);
    /* Whether it was UNBOUNDED is seen at its end. */
    uint32_t marks = (flags & ~KIWI_CALLF_UNBOUNDED) | (t->tick_loop ? KIWI_CALLF_TICK : 0);
    uint32_t word = stack | marks << CALL_FLAGS_SHIFT;
    struct kiwi_cache_entry *e = acquisition_find_stamped(t, kind, word, call_stamp(t));
    if (unlikely(!e)) {
        if (t->slot->held_count && acquisition_strike_stale(t))
            acquisition_chain(t);
        e = line_new(t, kind, word, c->fd);
    }
    e->count += weight;
    return e->row;
}

static NOINLINE bool is_measured(struct thread *t, uint32_t row)
{
    if (t->slot->held_count && (RELAXED_LOAD(&region_call(row)->flags) & KIWI_CALLF_MEASURED))
        return true;
    return t->tick_loop && loop_measures(t, row);
}

static ALWAYS_INLINE void slot_enter(struct call_record *c, struct thread *t, uint64_t object)
{
    struct kiwi_slot *s = t->slot;
    c->outer_kind = s->call_kind;
    if (unlikely(c->outer_kind))
        outer_save(c, s);
    s->call_row = c->row;
    s->call_since = c->since;
    s->call_object = object;
    s->call_flags = c->flags;
    c->outer_inside = t->inside;
    t->inside = (uintptr_t)c;
    COMPILER_BARRIER(); /* a reader that sees the kind sees the rest */
    RELAXED_STORE(&s->call_kind, c->kind);
}

static ALWAYS_INLINE void enter(struct call_record *c, struct thread *t, enum kiwi_call_kind kind, uint32_t stack,
                                uint32_t flags, uint64_t object, uint32_t weight)
{
    c->t = t;
    c->row = count_call(c, t, kind, stack, flags, weight);
    c->flags = flags;
    c->kind = kind;
    if (flags & KIWI_CALLF_NONBLOCKING) {
        c->since = 0;
        return;
    }
    c->switches = SWITCHES_UNKNOWN;
    if (unlikely((t->slot->held_count | t->tick_loop) && c->row && is_measured(t, c->row)))
        c->switches = voluntary_switches();
    c->since = clock_ticks();
    slot_enter(c, t, object);
}

/* Others that want a lock which this thread holds can not have got it meanwhile: they are still counted on the
 * object. */
static void note_disturbed(const struct call_record *c, struct kiwi_call *row, uint64_t now)
{
    uint64_t worst = 0;
    for (uint32_t i = 0; i < c->t->slot->held_count; i++) {
        const struct kiwi_held *h = &c->t->held[i];
        if (!h->row)
            continue;
        const struct kiwi_object *o = region_object(region_acquisition(h->row)->object);
        if (o->flags & KIWI_OBJECT_CLASS)
            o = region_object(object_find(h->address)); /* row 0, which nobody waits for, if it was never contended */
        uint64_t since = RELAXED_LOAD(&o->wait_since);
        if (!RELAXED_LOAD(&o->waiters)) {
            /* Or one that found the lock free, lost the race for it, and so waits unrecorded: since it was taken. */
            if ((h->flags & KIWI_HELD_WAITED) || !object_shows_waiters || !object_shows_waiters(h))
                continue;
            since = 0;
        }
        uint64_t lost = now - (since > c->since ? since : c->since);
        if ((int64_t)lost > (int64_t)worst)
            worst = lost;
    }
    if (worst) {
        RELAXED_ADD(&row->disturbed, 1);
        RELAXED_ADD(&row->disturbed_ticks, worst);
    }
}

/*
 * Under a lock it matters whether a long write or read waited, or its thread was only preempted in it (waking another
 * thread through a pipe does that on a busy machine). So from the first long one on, each call of such a row is
 * measured by context switches; that first one counts if it took longer than a time slice. The same in a tick of an
 * event loop, for calls that are long enough to matter there; but for its next calls only, as a loop makes many.
 */
static bool only_preempted(const struct call_record *c, struct kiwi_call *row, uint64_t ticks)
{
    bool in_tick = c->t->tick_loop && ticks >= clock_ns_to_ticks(TICK_STALL_NS);
    if ((!c->t->slot->held_count && !in_tick) || call_group(row->kind) == KIWI_GROUP_POLL ||
        call_group(row->kind) == KIWI_GROUP_SLEEP || call_group(row->kind) == KIWI_GROUP_SYNC)
        return false;
    if (in_tick)
        loop_measure(c->t, c->row);
    if (c->switches == SWITCHES_UNKNOWN) {
        if (c->t->slot->held_count)
            __atomic_fetch_or(&row->flags, KIWI_CALLF_MEASURED, __ATOMIC_RELAXED);
        return ticks < clock_state.ticks_per_second / 1000000 * TIME_SLICE_US;
    }
    return voluntary_switches() == c->switches;
}

static COLD void note_waited(const struct call_record *c, struct kiwi_call *row, uint64_t now, uint64_t bytes)
{
    uint64_t ticks = now - c->since;
    if (only_preempted(c, row, ticks))
        return;
    c->t->again = 0;
    RELAXED_ADD(&row->waited, 1);
    RELAXED_ADD(&row->ticks, ticks);
    RELAXED_ADD(&row->bytes, bytes);
    relaxed_max(&row->max_ticks, ticks);
    RELAXED_STORE(&row->last_ticks, now);
    if (histogram_room_for_calls())
        histogram_add(c->row, KIWI_HISTOGRAM_CALL, ticks);
    note_descriptor(row, c->fd);
    if (c->tracked || c->kind == KIWI_CALL_CONNECT)
        await_ended(c->t, c->fd, row, ticks);
    else if ((c->flags & KIWI_CALLF_UNBOUNDED) && ticks >= clock_ns_to_ticks(KIWI_UNBOUNDED_NS))
        __atomic_fetch_or(&row->flags, KIWI_CALLF_UNBOUNDED, __ATOMIC_RELAXED);
    row->thread = c->t->row;
    row->serial = c->t->serial;
    if (c->t->slot->held_count)
        note_disturbed(c, row, now);
    contention_call_end(c->t, c->row, c->since, now);
    if (c->t->tick_loop)
        loop_stalled(c->t, KIWI_STALL_CALL, c->row, ticks);
    shutdown_waited(c->t, KIWI_SHUTDOWN_CALL, c->row, c->since, now);
    event_add_at(c->t, KIWI_EVENT_CALL, c->row, ticks, bytes, now);
}

static bool is_failure(int error)
{
    return error && error != EAGAIN && error != EINTR && error != ETIMEDOUT && error != EINPROGRESS;
}

/* What others do to a thread that it waits for is no error of the call; nor is a failing connect, by itself. */
static bool is_call_on_its_own(enum kiwi_call_kind kind)
{
    enum kiwi_call_group group = call_group(kind);
    return group != KIWI_GROUP_SYNC && group != KIWI_GROUP_SLEEP && kind != KIWI_CALL_CONNECT;
}

static COLD void note_error(const struct call_record *c, struct kiwi_call *row, int error)
{
    if (!is_failure(error))
        return;
    RELAXED_ADD(&row->errors, 1);
    RELAXED_STORE(&row->last_errno, (uint32_t)error);
    if (!is_call_on_its_own(c->kind))
        return;
    struct failure_facts facts = {.kind = c->kind,
                                  .stack = row->stack,
                                  .error = error,
                                  .call_row = c->row,
                                  .descriptor = c->fd < 0 ? c->named : (uint32_t)c->fd,
                                  .begin = c->since};
    if (error == EBADF && c->fd >= 0)
        descriptor_misused(c->t, &facts);
    failure_note(c->t, &facts);
}

/* A success ends what failed before. One of poll is none: it says only that it is worth another try. That of a connect
 * ends what failed with the same peer, which peer.c knows. */
static COLD void note_success(const struct call_record *c)
{
    enum kiwi_call_group group = call_group(c->kind);
    if (group == KIWI_GROUP_IO)
        c->t->again = 0;
    if ((group == KIWI_GROUP_IO && c->kind != KIWI_CALL_CLOSE) || group == KIWI_GROUP_DISK ||
        group == KIWI_GROUP_STREAM)
        failure_worked(c->t);
    if (c->t->streak_count && c->kind != KIWI_CALL_CONNECT)
        failure_success(c->t, c->row, c->kind);
}

static COLD void note_again(const struct call_record *c)
{
    if (call_group(c->kind) == KIWI_GROUP_IO && c->fd >= 0 && !descriptor_is(c->fd, KIWI_DESCRIPTOR_EVENT) &&
        ++c->t->again % FAILURE_AGAIN_STEP == 0)
        failure_again(c->t, c->kind, c->row ? region_call(c->row)->stack : stack_of(c->t, c->site), (uint32_t)c->fd);
}

static ALWAYS_INLINE void slot_leave(const struct call_record *c)
{
    RELAXED_STORE(&c->t->slot->call_kind, 0);
    c->t->inside = c->outer_inside;
    if (unlikely(c->outer_kind))
        outer_restore(c, c->t->slot);
}

static ALWAYS_INLINE void leave(struct call_record *c, int error, uint64_t bytes)
{
    struct kiwi_call *row = c->row ? region_call(c->row) : NULL;
    if (c->since) {
        slot_leave(c);
        uint64_t now = clock_ticks();
        if (row && now - c->since >= clock_state.waited_ticks)
            note_waited(c, row, now, bytes);
        if (unlikely(c->tracked) && row && !error)
            exchange_note(c->t, c->fd, row, &(struct exchange_facts){c->since, now, bytes});
        else if (unlikely(c->t->burst.peer) && c->fd >= 0 && !c->tracked)
            exchange_end(c->t);
    }
    if (likely(!error)) {
        if (unlikely(c->t->again || c->t->streak_count))
            note_success(c);
    } else if (error == EAGAIN) {
        note_again(c);
    } else if (row) {
        note_error(c, row, error);
    }
}

void call_enter(struct call_record *c, struct thread *t, enum kiwi_call_kind kind, uint32_t stack, uint32_t flags,
                uint64_t object)
{
    c->fd = -1;
    c->named = 0;
    c->tracked = false;
    enter(c, t, kind, stack, flags, object, 1);
}

void call_leave(struct call_record *c, int error, uint64_t bytes)
{
    leave(c, error, bytes);
}

static ALWAYS_INLINE void begin(struct call_record *c, struct thread *t, enum kiwi_call_kind kind,
                                struct call_site site, uint32_t flags, uint64_t object, uint32_t weight)
{
    t->guard = site.sp - 16; /* the wrapper's frame, as guard_set in the wrapper itself would have it */
    COMPILER_BARRIER();
    enter(c, t, kind, stack_of(t, site), flags, object, weight);
    COMPILER_BARRIER();
    t->guard = GUARD_IDLE;
}

static bool on_stack(const struct thread *t, const void *p, size_t size)
{
    uintptr_t at = (uintptr_t)p;
    return t && at >= (uintptr_t)__builtin_frame_address(0) && at < t->stack_high && t->stack_high - at >= size;
}

uint32_t call_limit(const struct thread *t, const struct timespec *limit)
{
    if (!limit)
        return KIWI_CALLF_UNTIMED;
    uintptr_t at = (uintptr_t)limit;
    if (!on_stack(t, limit, sizeof *limit) && (region.frozen || !sys_readable(at) || !sys_readable(at + 8)))
        return KIWI_CALLF_TIMED;
    return limit->tv_sec || limit->tv_nsec ? KIWI_CALLF_TIMED : KIWI_CALLF_NONBLOCKING;
}

void call_begin(struct call_record *c, struct thread *t, enum kiwi_call_kind kind, struct call_site site,
                uint32_t flags, uint64_t object)
{
    c->t = NULL;
    c->fd = -1;
    c->named = 0;
    c->tracked = false;
    if (t && !record_settings.io_off)
        begin(c, t, kind, site, flags, object, 1);
}

#define UNTIMED_EXACT 256u /* calls of a thread on non-blocking descriptors that are recorded one by one */
#define UNTIMED_STEP 64u
#define UNTIMED_MAX 256u /* mean gap of the sample after that, reached by doubling every UNTIMED_STEP */

/* How many calls the present one stands for; sets the gap to the next. */
static uint32_t untimed_sample(struct thread *t)
{
    uint32_t weight = t->untimed_interval ? t->untimed_interval : 1;
    t->untimed_interval = (uint16_t)weight;
    if (++t->untimed_samples >= (weight == 1 ? UNTIMED_EXACT : UNTIMED_STEP) && weight < UNTIMED_MAX) {
        t->untimed_interval = (uint16_t)(2 * weight);
        t->untimed_samples = 0;
    }
    uint32_t gaps = 2u * t->untimed_interval - 1;
    t->untimed_tick = (uint16_t)(1 + thread_random(t) % gaps); /* mean: the interval */
    return weight;
}

void call_begin_on_full(struct call_record *c, struct thread *t, enum kiwi_call_kind kind, struct call_site site,
                        uint32_t flags, int fd)
{
    uint32_t weight = 1;
    if (record_settings.io_off)
        return;
    if (descriptor_mode(fd) != DESCRIPTOR_BLOCKING && descriptor_ask(fd)) {
        flags = KIWI_CALLF_NONBLOCKING;
        weight = untimed_sample(t);
    }
    c->tracked = descriptor_tracked(fd);
    if (c->tracked && (flags & KIWI_CALLF_NONBLOCKING))
        exchange_sends(t, fd, kind);
    if ((c->tracked || kind == KIWI_CALL_CONNECT) && !flags && await_has_alarm())
        flags = KIWI_CALLF_TIMED;
    begin(c, t, kind, site, flags, (uint64_t)fd, weight);
}

/* A call that was left out of the sample failed: its row is needed after all. */
static COLD void untimed_failed(struct call_record *c, int error)
{
    if (!c->row && is_failure(error))
        c->row = count_call(c, c->t, c->kind, stack_of(c->t, c->site), KIWI_CALLF_NONBLOCKING, 0);
}

void call_end_full(struct call_record *c, int error, uint64_t bytes)
{
    struct thread *t = c->t;
    if (t->guard != GUARD_IDLE)
        return; /* wiped by a fork in between, or the thread ended inside */
    t->guard = (uintptr_t)__builtin_frame_address(0);
    COMPILER_BARRIER();
    if (!c->since)
        untimed_failed(c, error);
    leave(c, error, bytes);
    COMPILER_BARRIER();
    t->guard = GUARD_IDLE;
}

void call_passed(struct thread *t, enum kiwi_call_kind kind, struct call_site site, int fd, int error)
{
    struct call_record c = {.t = t, .kind = kind, .site = site, .fd = fd};
    call_end_full(&c, error, 0);
}

/* A wait for events that is one of an event loop ends its tick, and begins the next. */

static ALWAYS_INLINE void begin_poll(struct call_record *c, struct thread *t, struct call_site site, uint64_t object)
{
    c->t = t;
    c->fd = -1;
    c->named = 0;
    c->tracked = false;
    c->stack = stack_of(t, site);
    c->row = count_call(c, t, c->kind, c->stack, c->flags, 1);
    uint64_t now = clock_ticks();
    c->since = 0;
    if (likely(!(c->flags & KIWI_CALLF_NONBLOCKING))) {
        c->since = now;
        slot_enter(c, t, object);
    }
    if (t->tick_loop && unlikely(!tick_quick_end(t, c->stack, now)))
        loop_wait_begins(t, c->stack, c->flags, now);
}

void call_begin_poll(struct call_record *c, struct thread *t, enum kiwi_call_kind kind, struct call_site site,
                     uint32_t flags, uint64_t object)
{
    if (unlikely(!t || record_settings.io_off)) {
        c->t = NULL;
        return;
    }
    c->kind = kind;
    c->flags = flags;
    t->guard = site.sp - 16;
    COMPILER_BARRIER();
    begin_poll(c, t, site, object);
    COMPILER_BARRIER();
    t->guard = GUARD_IDLE;
}

static NOINLINE void loop_returned(const struct call_record *c, const struct call_events *events, uint64_t now,
                                   uint64_t waited)
{
    struct loop_return r = {.stack = c->stack,
                            .call = c->row,
                            .flags = c->flags,
                            .events = events->count > 0 ? (uint32_t)events->count : 0,
                            .now = c->since ? now : 0,
                            .waited = waited,
                            .sources = {events->sources[0], events->sources[1]}};
    if (c->since && !c->t->loop.row)
        watch_polled(c->kind, c->t->slot->call_object, c->t->serial);
    loop_wait_ends(c->t, &r);
}

/* A loop's own wait, with nothing in hand and nothing else to be said of it. */
static ALWAYS_INLINE bool waited_idly(const struct call_record *c, struct thread *t, uint64_t now, uint64_t ticks)
{
    if (c->stack != t->loop.stack || !t->loop.row || t->slot->held_count || t->tick_loop ||
        (c->flags & KIWI_CALLF_UNBOUNDED) || shutdown_has_begun() || !idle_note(t, c->row, ticks, now))
        return false;
    t->again = 0;
    return true;
}

static ALWAYS_INLINE void end_poll(const struct call_record *c, struct thread *t, int error,
                                   const struct call_events *events)
{
    uint64_t since = c->since, now, waited = 0;
    if (likely(since)) {
        slot_leave(c);
        waited = (now = clock_ticks()) - since;
        if (waited >= clock_state.waited_ticks && c->row && !waited_idly(c, t, now, waited))
            note_waited(c, region_call(c->row), now, 0);
    } else {
        now = clock_ticks();
    }
    if (unlikely(error && c->row))
        note_error(c, region_call(c->row), error);
    else if (unlikely(t->streak_count && !error))
        note_success(c);
    if (unlikely(!tick_quick_begin(t, c->stack, events, now, waited)))
        loop_returned(c, events, now, waited);
}

void call_end_poll(struct call_record *c, int error, const struct call_events *events)
{
    struct thread *t = c->t;
    if (unlikely(!t || t->guard != GUARD_IDLE))
        return;
    t->guard = (uintptr_t)__builtin_frame_address(0);
    COMPILER_BARRIER();
    end_poll(c, t, error, events);
    COMPILER_BARRIER();
    t->guard = GUARD_IDLE;
}

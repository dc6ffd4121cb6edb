#include "failure.h"

#include "../base/clock.h"
#include "memory.h"
#include "region.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct failure_key {
    const struct failure_facts *facts;
    uint32_t thread, serial, flags;
};

static bool failure_same(uint32_t row, const void *key)
{
    const struct failure_key *k = key;
    const struct kiwi_failure *f = region_failure(row);
    return f->kind == (uint32_t)k->facts->kind && f->stack == k->facts->stack &&
           f->error == (uint32_t)k->facts->error && f->thread == k->thread && f->serial == k->serial &&
           f->peer == k->facts->peer &&
           (RELAXED_LOAD(&f->flags) & (KIWI_FAILURE_BAD_DESCRIPTOR | KIWI_FAILURE_SPIN)) == k->flags;
}

static uint32_t failure_make(const void *key)
{
    const struct failure_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_FAILURES, 1);
    if (!row)
        return 0;
    struct kiwi_failure *f = region_failure(row);
    f->kind = k->facts->kind;
    f->stack = k->facts->stack;
    f->error = (uint32_t)k->facts->error;
    f->thread = k->thread;
    f->serial = k->serial;
    f->peer = k->facts->peer;
    f->flags = k->flags;
    f->first_ticks = clock_ticks();
    return row;
}

static void failure_publish(uint32_t row)
{
    region_publish(&region_failure(row)->state, KIWI_ROW_LIVE);
}

static const struct index_ops failure_ops = {failure_same, failure_make, failure_publish};

static uint64_t failure_hash(const struct failure_key *k)
{
    uint64_t h = hash_mix((uint64_t)k->facts->stack << 32 | (uint32_t)k->facts->kind);
    return hash_mix(h ^ ((uint64_t)k->facts->peer << 40 | (uint64_t)k->flags << 32 | k->serial)) +
           (uint32_t)k->facts->error;
}

static uint32_t row_get(const struct failure_key *k, uint64_t now)
{
    uint32_t row = index_get(&memory.failures, failure_hash(k), &failure_ops, k);
    if (row) {
        RELAXED_ADD(&region_failure(row)->count, 1);
        RELAXED_STORE(&region_failure(row)->last_ticks, now);
        region_failure(row)->descriptor = k->facts->descriptor;
    }
    return row;
}

static void streak_end(struct thread *t, struct thread_streak *s)
{
    if (s->row)
        t->streak_count--;
    s->row = 0;
}

/* The one of this row, else a free one, else that which has been quiet for longest. */
static struct thread_streak *streak_find(struct thread *t, uint32_t row)
{
    struct thread_streak *found = &t->streaks[0];
    for (uint32_t i = 0; i < THREAD_STREAKS; i++) {
        struct thread_streak *s = &t->streaks[i];
        if (s->row == row)
            return s;
        if (found->row && (!s->row || s->last < found->last))
            found = s;
    }
    streak_end(t, found);
    return found;
}

static void streak_begin(struct thread *t, struct thread_streak *s, uint32_t row, const struct failure_facts *facts)
{
    if (!s->row)
        t->streak_count++;
    *s = (struct thread_streak){.row = row,
                                .call_row = facts->call_row,
                                .descriptor = facts->descriptor,
                                .kind = facts->kind,
                                .begin = facts->begin,
                                .times[0] = facts->begin};
}

/* Within three fifths and five thirds. */
static bool about_the_same(uint64_t a, uint64_t b)
{
    return a * 5 >= b * 3 && b * 5 >= a * 3;
}

static void gap_waited(struct thread_streak *s, uint64_t gap)
{
    s->waited++;
    s->rushed = 0;
    if (!s->min || gap < s->min)
        s->min = gap;
    if (gap > s->max)
        s->max = gap;
    if (!s->even || !about_the_same(gap, s->even_first)) {
        s->even = 0;
        s->even_first = gap;
    }
    if (++s->even > s->best_even) {
        s->best_even = s->even;
        s->best_even_first = s->even_first;
    }
}

static void gap_add(const struct thread *t, struct thread_streak *s, uint64_t begin)
{
    /* A delay made by computing counts as one, if it is worth the name. */
    bool waited = t->blocked_ticks > s->blocked && (int64_t)(begin - s->ended) > 0 &&
                  begin - s->ended >= clock_state.waited_ticks;
    bool delayed = waited || (int64_t)(begin - s->ended) > (int64_t)clock_ns_to_ticks(KIWI_STREAK_RUSHED_NS);
    if (delayed)
        gap_waited(s, begin - s->last);
    else if (s->even = 0, ++s->rushed > s->best_rushed)
        s->best_rushed = s->rushed;
    if (t->works != s->works)
        s->worked++;
}

/* Others read the row meanwhile: each number by itself was true a moment ago. */
static void streak_copy(const struct thread_streak *s, struct kiwi_failure *f)
{
    f->begin_ticks = s->begin;
    f->end_ticks = s->last;
    f->min_ticks = s->min;
    f->max_ticks = s->max;
    f->waited = s->waited;
    f->worked = s->worked;
    f->rushed = s->best_rushed;
    f->even = s->best_even;
    f->even_ticks = s->best_even_first;
    if (s->attempts <= KIWI_STREAK_TIMES)
        memcpy(f->times, s->times, sizeof f->times);
    RELAXED_STORE(&f->attempts, s->attempts);
}

/* retry-gap, where it was set. */
static uint64_t streak_gap(void)
{
    return clock_ns_to_ticks(record_settings.retry_gap_ns ? record_settings.retry_gap_ns : KIWI_STREAK_GAP_NS);
}

/* The kernel reads a path before all but its flags, and no more of one than this. */
uint32_t failure_of_path(const char *path, int error)
{
    uint64_t h = 0;
    if (error == EFAULT || error == EINVAL || error == ENOSYS)
        return 0;
    for (uint32_t i = 0; i < PATH_MAX && path[i]; i++)
        h = hash_mix(h ^ (uint8_t)path[i]);
    return (uint32_t)h;
}

static bool goes_on(const struct thread_streak *s, uint32_t row, const struct failure_facts *facts)
{
    return s->row == row && facts->begin - s->last < streak_gap() &&
           (facts->peer || s->descriptor == facts->descriptor);
}

void failure_note(struct thread *t, const struct failure_facts *given)
{
    struct failure_facts facts = *given;
    uint64_t now = facts.end ? facts.end : clock_ticks();
    uint32_t row = row_get(&(struct failure_key){&facts, t->row, t->serial, 0}, now);
    if (!row)
        return;
    if (!facts.begin)
        facts.begin = now;
    struct thread_streak *s = streak_find(t, row);
    if (goes_on(s, row, &facts))
        gap_add(t, s, facts.begin);
    else
        streak_begin(t, s, row, &facts);
    if (s->attempts < KIWI_STREAK_TIMES)
        s->times[s->attempts] = facts.begin;
    s->attempts++;
    s->last = facts.begin;
    s->ended = now;
    s->blocked = t->blocked_ticks;
    s->works = t->works;
    if (s->attempts >= region_failure(row)->attempts)
        streak_copy(s, region_failure(row));
}

#define SUCCESSES_LOOKED 64u

static void streaks_end_old(struct thread *t)
{
    uint64_t now = clock_ticks();
    for (uint32_t i = 0; i < THREAD_STREAKS; i++)
        if ((int64_t)(now - t->streaks[i].last) >= (int64_t)streak_gap())
            streak_end(t, &t->streaks[i]);
}

void failure_success(struct thread *t, uint32_t call_row, enum kiwi_call_kind kind)
{
    if (++t->successes % SUCCESSES_LOOKED == 0)
        streaks_end_old(t);
    for (uint32_t i = 0; i < THREAD_STREAKS; i++) {
        struct thread_streak *s = &t->streaks[i];
        if (s->row && s->kind == (uint32_t)kind && (!call_row || s->call_row == call_row))
            streak_end(t, s);
    }
}

void failure_again(struct thread *t, enum kiwi_call_kind kind, uint32_t stack, uint32_t descriptor)
{
    struct failure_facts facts = {.kind = kind, .stack = stack, .error = EAGAIN, .descriptor = descriptor};
    uint64_t now = clock_ticks();
    uint32_t row = row_get(&(struct failure_key){&facts, t->row, t->serial, KIWI_FAILURE_SPIN}, now);
    if (!row)
        return;
    struct kiwi_failure *f = region_failure(row);
    facts.begin = now;
    struct thread_streak *s = streak_find(t, row);
    if (t->again == FAILURE_AGAIN_STEP || s->row != row)
        streak_begin(t, s, row, &facts);
    s->attempts = t->again;
    s->last = now;
    if (s->last - s->begin >= f->end_ticks - f->begin_ticks)
        streak_copy(s, f);
}

uint32_t failure_bad_descriptor(struct thread *t, const struct failure_facts *facts, const struct descriptor_past *past)
{
    uint64_t now = clock_ticks();
    uint32_t row = row_get(&(struct failure_key){facts, 0, 0, KIWI_FAILURE_BAD_DESCRIPTOR}, now);
    struct kiwi_failure *f = region_failure(row);
    if (!row || RELAXED_LOAD(&f->attempts))
        return row;
    f->other_stack = past->end_stack;
    f->other_thread = past->end_thread;
    f->other_serial = past->end_serial;
    f->birth_stack = past->birth_stack;
    f->birth_thread = past->birth_thread;
    f->birth_serial = past->birth_serial;
    f->user_thread = t->row;
    f->user_serial = t->serial;
    RELAXED_STORE(&f->attempts, 1);
    return row;
}

void failure_is_sweep(struct thread *t, uint32_t stack)
{
    struct failure_facts facts = {.kind = KIWI_CALL_CLOSE, .stack = stack, .error = EBADF};
    struct failure_key key = {&facts, 0, 0, KIWI_FAILURE_BAD_DESCRIPTOR};
    uint32_t row = index_find(&memory.failures, failure_hash(&key), &failure_ops, &key);
    (void)t;
    if (row)
        __atomic_fetch_or(&region_failure(row)->flags, KIWI_FAILURE_SWEEP, __ATOMIC_RELAXED);
}

#include "let_in.h"

void let_in_begin(struct thread *t, struct let_in_call *c, uintptr_t frame, uint64_t could)
{
    struct thread_let_in *l = &t->let_in;
    bool goes_on = l->passing_at > frame; /* else a handler has left it by a jump */
    *c = (struct let_in_call){goes_on ? l->passing : 0, goes_on ? l->passing_at : 0};
    l->passing = could;
    l->passing_at = frame;
}

static bool nothing_since(const struct thread *t)
{
    const struct thread_let_in *l = &t->let_in;
    return l->heap_calls == t->heap_calls && l->releases == thread_releases(t) && l->blocked == t->blocked_ticks;
}

void let_in_end(struct thread *t, const struct let_in_call *c, uint64_t did)
{
    struct thread_let_in *l = &t->let_in;
    l->passing = c->outer;
    l->passing_at = c->outer_at;
    if (!did)
        return;
    l->signals = did | (nothing_since(t) ? l->signals : 0);
    l->heap_calls = t->heap_calls;
    l->releases = thread_releases(t);
    l->blocked = t->blocked_ticks;
    l->quiet_at = 0;
}

/* The wait that goes on has a beginning of its own; 0 = none does. */
static uint64_t present_wait(const struct thread *t)
{
    return t->slot->call_kind ? t->slot->call_since : 0;
}

/* Once it is known of a wait, it is for all that its handlers do themselves: one that comes on top of another one,
 * before that has done anything, lies deeper. */
static bool known_quiet(const struct thread *t, uintptr_t context)
{
    const struct thread_let_in *l = &t->let_in;
    return l->quiet_at && context >= l->quiet_at && l->quiet_wait == present_wait(t);
}

bool let_in_is_quiet(struct thread *t, uintptr_t context, uint64_t signals)
{
    struct thread_let_in *l = &t->let_in;
    if (!(signals & ~l->passing) && context < l->passing_at)
        return true;
    if (signals & ~l->signals)
        return false;
    if (known_quiet(t, context))
        return true;
    if (t->slot->held_count || !nothing_since(t))
        return false;
    l->quiet_at = context;
    l->quiet_wait = present_wait(t);
    return true;
}

#include "enter.h"

#include "../base/sys.h"
#include "../record/acquisition.h"
#include "process.h"

/* What every thread points to before it is attached: its guard reads "wiped", so the fast check fails. */
struct thread thread_none;
__thread struct thread *kiwi_self = &thread_none;

static bool on_stack_of(const struct thread *t, uintptr_t frame)
{
    return frame >= t->stack_low && frame < t->stack_high;
}

/* The recorder's frame is gone: it may have been about to take a lock onto the held array or off, and then what stands
 * for the held locks is that of one more or one less. The next dependency makes it anew. */
static void forget_chain(struct thread *t)
{
    t->chain = t->chained = 0;
}

static struct thread *nested(struct thread *t, uintptr_t frame);

/* An allocator that the recorder asks may lock, a C++ runtime may wait and wake: that is none of the service's doing.
 * What a signal handler calls meanwhile is, and comes from elsewhere. frame: the wrapper's, with its return address, or
 * that of what syscall.S calls. */
static bool comes_of_asking(const struct thread *t, uintptr_t frame)
{
    const struct link_map *from = t->asked ? real_module_of(((void *const *)frame)[1]) : NULL;
    return from && (from == real_module_of((const void *)t->asked) || from == real_module_of((const void *)nested));
}

/* The guard is a frame of the recorder. If this wrapper stands in its place or above it on the same stack, that frame
 * is gone: the thread is being cancelled, or was thrown out of it. */
static struct thread *nested(struct thread *t, uintptr_t frame)
{
    if (on_stack_of(t, frame) && on_stack_of(t, t->guard) && frame >= t->guard) {
        forget_chain(t);
        t->asked = 0;
        t->guard = GUARD_IDLE;
        return t;
    }
    if (!comes_of_asking(t, frame))
        region_drop(KIWI_DROP_NESTED);
    return NULL;
}

/* Any other value of the guard is a frame of the recorder. */
static bool at_work(const struct thread *t)
{
    return t->guard > GUARD_LEFT_OUT;
}

#define HANDLER_STACK (64u << 10) /* a jump no further up than this may stay inside a signal handler */

/* Whether a jump from `here` leaves this frame for good: it passes it, or goes to another stack. */
static bool leaves(uintptr_t frame, uintptr_t here, uintptr_t target)
{
    bool passes = frame >= here && frame < target;
    return passes || target < here || target - here > HANDLER_STACK;
}

/* A call or wait that the thread is in, as far as others can see, while none of the recorder's own work goes on. What
 * only jumps inside a signal handler goes on with it afterwards. */
static bool leaves_wait(const struct thread *t, uintptr_t here, uintptr_t target)
{
    enum kiwi_want want = KIWI_WANT_OF(t->slot);
    bool waits = want == KIWI_WANT_WAITING || want == KIWI_WANT_TIMED;
    uintptr_t frame = waits ? t->waits_at : t->inside;
    if (!waits && !t->slot->call_kind)
        return want != KIWI_WANT_NONE;
    return !frame || leaves(frame, here, target);
}

/* What the thread was in the middle of has no end. Whether it owns a lock that it was taking is not known: the unlock
 * finds out (it looks at the lock's own word before it calls anything misuse). */
static void abandon(struct thread *t)
{
    enum kiwi_want want = KIWI_WANT_OF(t->slot);
    t->guard = (uintptr_t)__builtin_frame_address(0);
    t->inside = t->asked = 0;
    RELAXED_STORE(&t->slot->call_kind, 0);
    if (want == KIWI_WANT_WAITING || want == KIWI_WANT_TIMED)
        acquisition_wait_end(t, t->slot->want_row, t->slot->want_since, t->slot->want_holder);
    acquisition_want(t, KIWI_WANT_NONE);
    forget_chain(t);
    t->guard = GUARD_IDLE;
}

void thread_jumps(uintptr_t here, uintptr_t target)
{
    struct thread *t = kiwi_self;
    if (at_work(t) ? leaves(t->guard, here, target) : t->guard == GUARD_IDLE && leaves_wait(t, here, target))
        abandon(t);
}

COLD struct thread *thread_enter_slow(uintptr_t frame)
{
    struct thread *t = kiwi_self;
    if (!real_ensure())
        return NULL;
    switch (t->guard) {
    case GUARD_WIPED:
        if (t != &thread_none)
            process_forked(NULL, 0, FORK_UNKNOWN); /* a fork that ran no handlers */
        else
            process_adopt_thread();
        return kiwi_self->guard == GUARD_IDLE ? kiwi_self : NULL;
    case GUARD_IDLE:
        return t;
    case GUARD_LEFT_OUT:
        return thread_room() ? process_adopt_thread() : NULL;
    case GUARD_ENDED:
        return NULL;
    case GUARD_VFORK:
        if (sys_gettid() != t->vfork_tid)
            return NULL; /* still the child, on its parent's memory */
        t->guard = GUARD_IDLE;
        return t;
    default:
        return nested(t, frame);
    }
}

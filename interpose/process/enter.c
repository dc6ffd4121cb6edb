#include "enter.h"

#include "../base/sys.h"
#include "process.h"

/* What every thread points to before it is attached: its guard reads "wiped", so the fast check fails. */
struct thread thread_none;
__thread struct thread *kiwi_self = &thread_none;

static bool on_stack_of(const struct thread *t, uintptr_t frame)
{
    return frame >= t->stack_low && frame < t->stack_high;
}

/* The guard is a frame of the recorder. If this wrapper runs in a frame above it on the same stack, that frame is gone: a
 * signal handler left the recorder by longjmp, or the thread is being cancelled. */
static struct thread *nested(struct thread *t, uintptr_t frame)
{
    if (on_stack_of(t, frame) && on_stack_of(t, t->guard) && frame > t->guard) {
        t->guard = GUARD_IDLE;
        return t;
    }
    region_drop(KIWI_DROP_NESTED);
    return NULL;
}

COLD struct thread *thread_enter_slow(uintptr_t frame)
{
    struct thread *t = kiwi_self;
    if (!real_ensure())
        return NULL;
    switch (t->guard) {
    case GUARD_WIPED:
        if (t != &thread_none)
            process_forked(NULL, 0); /* a fork that ran no handlers */
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

/*
 * waker.c - what makes threads that no wrapper sees being made: timers and message queues that notify by one, and
 * clone. Only that there may be some is noted.
 */
#include "../record/waker.h"

#include "../process/enter.h"

#include <signal.h>

static void notifies_by(const struct sigevent *how)
{
    if (how && how->sigev_notify == SIGEV_THREAD)
        waker_note(KIWI_WAKER_THREAD);
}

EXPORT int timer_create(clockid_t clock, struct sigevent *how, timer_t *id)
{
    real_ensure();
    notifies_by(how);
    return real.timer_create(clock, how, id);
}

EXPORT int mq_notify(mqd_t queue, const struct sigevent *how)
{
    real_ensure();
    notifies_by(how);
    return real.mq_notify(queue, how);
}

EXPORT int clone(int (*start)(void *), void *stack, int flags, void *argument, ...)
{
    va_list list;
    va_start(list, argument);
    void *parent_id = va_arg(list, void *), *tls = va_arg(list, void *), *child_id = va_arg(list, void *);
    va_end(list);
    real_ensure();
    if (waker_is_thread((unsigned long)flags))
        waker_note(KIWI_WAKER_THREAD);
    return real.clone(start, stack, flags, argument, parent_id, tls, child_id);
}

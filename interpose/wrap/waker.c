/*
 * waker.c - what makes threads that no wrapper sees being made: timers, message queues, asynchronous I/O and look-ups
 * of names that notify by one, and clone. Only that there may be some is noted.
 */
#include "../record/waker.h"

#include "../process/enter.h"

#include <signal.h>

static void notifies_by(const struct sigevent *how)
{
    if (how && how->sigev_notify == SIGEV_THREAD)
        waker_note(KIWI_WAKER_THREAD);
}

/* Who waits for the end of a request is not notified, and `how` may be anything. */
static void notifies_in(bool background, const struct sigevent *how)
{
    if (background)
        notifies_by(how);
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

EXPORT int aio_read(struct aiocb *request)
{
    real_ensure();
    notifies_by(&request->aio_sigevent);
    return real.aio_read(request);
}

EXPORT int aio_read64(struct aiocb64 *request)
{
    real_ensure();
    notifies_by(&request->aio_sigevent);
    return real.aio_read64(request);
}

EXPORT int aio_write(struct aiocb *request)
{
    real_ensure();
    notifies_by(&request->aio_sigevent);
    return real.aio_write(request);
}

EXPORT int aio_write64(struct aiocb64 *request)
{
    real_ensure();
    notifies_by(&request->aio_sigevent);
    return real.aio_write64(request);
}

/* What is refused is not looked at. */
static bool can_sync(int operation)
{
    return operation == O_SYNC || operation == O_DSYNC;
}

EXPORT int aio_fsync(int operation, struct aiocb *request)
{
    real_ensure();
    if (can_sync(operation))
        notifies_by(&request->aio_sigevent);
    return real.aio_fsync(operation, request);
}

EXPORT int aio_fsync64(int operation, struct aiocb64 *request)
{
    real_ensure();
    if (can_sync(operation))
        notifies_by(&request->aio_sigevent);
    return real.aio_fsync64(operation, request);
}

static bool can_list(int mode)
{
    return mode == LIO_WAIT || mode == LIO_NOWAIT;
}

EXPORT int lio_listio(int mode, struct aiocb *const requests[restrict], int count, struct sigevent *restrict how)
{
    real_ensure();
    notifies_in(mode == LIO_NOWAIT, how);
    for (int i = 0; can_list(mode) && i < count; i++)
        if (requests[i])
            notifies_by(&requests[i]->aio_sigevent);
    return real.lio_listio(mode, requests, count, how);
}

EXPORT int lio_listio64(int mode, struct aiocb64 *const requests[restrict], int count, struct sigevent *restrict how)
{
    real_ensure();
    notifies_in(mode == LIO_NOWAIT, how);
    for (int i = 0; can_list(mode) && i < count; i++)
        if (requests[i])
            notifies_by(&requests[i]->aio_sigevent);
    return real.lio_listio64(mode, requests, count, how);
}

EXPORT int getaddrinfo_a(int mode, struct gaicb *requests[restrict], int count, struct sigevent *restrict how)
{
    real_ensure();
    notifies_in(mode == GAI_NOWAIT, how);
    return real.getaddrinfo_a(mode, requests, count, how);
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

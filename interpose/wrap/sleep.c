/*
 * sleep.c - sleeping on purpose.
 */
#include "../process/enter.h"
#include "../record/call.h"

#include <errno.h>

/* NULL is refused. */
static uint32_t duration_flags(const struct thread *t, const struct timespec *wanted)
{
    return wanted ? call_limit(t, wanted) : KIWI_CALLF_TIMED;
}

EXPORT int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    struct call_record c;
    struct thread *t = thread_enter();
    call_begin(&c, t, KIWI_CALL_NANOSLEEP, CALL_SITE(), duration_flags(t, wanted), 0);
    int result = real.nanosleep(wanted, left);
    call_end(&c, result ? errno : 0, 0);
    return result;
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left)
{
    struct call_record c;
    struct thread *t = thread_enter();
    call_begin(&c, t, KIWI_CALL_CLOCK_NANOSLEEP, CALL_SITE(), duration_flags(t, wanted), 0);
    int result = real.clock_nanosleep(clock, flags, wanted, left);
    call_end(&c, result, 0);
    return result;
}

EXPORT int thrd_sleep(const struct timespec *wanted, struct timespec *left)
{
    struct call_record c;
    struct thread *t = thread_enter();
    call_begin(&c, t, KIWI_CALL_NANOSLEEP, CALL_SITE(), duration_flags(t, wanted), 0);
    int result = real.thrd_sleep(wanted, left);
    call_end(&c, result == -1 ? EINTR : 0, 0);
    return result;
}

EXPORT int usleep(useconds_t us)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_USLEEP, CALL_SITE(), us ? KIWI_CALLF_TIMED : KIWI_CALLF_NONBLOCKING, 0);
    int result = real.usleep(us);
    call_end(&c, result ? errno : 0, 0);
    return result;
}

EXPORT unsigned sleep(unsigned seconds)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_SLEEP, CALL_SITE(), seconds ? KIWI_CALLF_TIMED : KIWI_CALLF_NONBLOCKING,
               0);
    unsigned left = real.sleep(seconds);
    call_end(&c, 0, 0);
    return left;
}

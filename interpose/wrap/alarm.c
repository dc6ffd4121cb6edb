/*
 * alarm.c - alarms: a signal that ends a wait is a limit, too.
 */
#include "../process/enter.h"
#include "../record/await.h"

#include <sys/time.h>

#define SECOND_NS 1000000000ull

static void armed(uint64_t ns)
{
    if (thread_enter())
        await_alarm(ns);
}

EXPORT unsigned alarm(unsigned seconds)
{
    real_ensure();
    armed(seconds * SECOND_NS);
    return real.alarm(seconds);
}

EXPORT int setitimer(__itimer_which_t which, const struct itimerval *wanted, struct itimerval *old)
{
    real_ensure();
    int result = real.setitimer(which, wanted, old);
    if (!result && which == ITIMER_REAL && wanted) {
        bool again = wanted->it_interval.tv_sec || wanted->it_interval.tv_usec;
        uint64_t ns = (uint64_t)wanted->it_value.tv_sec * SECOND_NS + (uint64_t)wanted->it_value.tv_usec * 1000;
        armed(ns && again ? UINT64_MAX : ns);
    }
    return result;
}

/* One that goes off again and again drives something else, as a rule. */
EXPORT int timer_settime(timer_t id, int flags, const struct itimerspec *wanted, struct itimerspec *old)
{
    real_ensure();
    int result = real.timer_settime(id, flags, wanted, old);
    if (!result && !(flags & TIMER_ABSTIME) && wanted && !wanted->it_interval.tv_sec && !wanted->it_interval.tv_nsec)
        armed((uint64_t)wanted->it_value.tv_sec * SECOND_NS + (uint64_t)wanted->it_value.tv_nsec);
    return result;
}

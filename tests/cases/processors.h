/*
 * processors.h - which processor a thread of a case runs on, and work that takes a given time. Where threads share one
 * processor, a thread that is woken runs at once; apart, it comes too late: so the outcome does not depend on luck.
 */
#ifndef CASE_PROCESSORS_H
#define CASE_PROCESSORS_H

#ifndef _GNU_SOURCE
#error "define _GNU_SOURCE first"
#endif
#include <sched.h>
#include <time.h>

/* The n-th that this process may use; where there are fewer, the thread stays where it is. */
static inline __attribute__((unused)) void run_on_processor(int n)
{
    cpu_set_t may, one;
    if (sched_getaffinity(0, sizeof may, &may))
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &may) || n-- > 0)
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one); /* of this thread alone */
        return;
    }
}

/* By the thread's own processor time, however busy the machine is. */
static inline __attribute__((unused)) void compute_us(long us)
{
    struct timespec begin, now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000000 + (now.tv_nsec - begin.tv_nsec) / 1000 < us);
}
#endif

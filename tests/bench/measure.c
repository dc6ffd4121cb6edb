#include "measure.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define SAMPLES_MAX 16384
#define WARM_BATCHES 2
#define MEASURED_BATCHES 3

struct measure {
    uint64_t budget_ns;
    unsigned long batches; /* wanted, 0 = go by time */
    unsigned long done;    /* since the phase began */
    uint64_t phase_ns;     /* when the phase began */
    uint64_t cpu_ns;       /* CPU time when the phase began */
    uint64_t start_ns;     /* of the running batch */
    uint64_t busy_ns;      /* inside batches */
    uint64_t ops;
    bool warm;
    double samples[SAMPLES_MAX]; /* ns per operation */
};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t measure_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t timeval_ns(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_usec * 1000u;
}

static uint64_t cpu_now_ns(void)
{
    struct rusage children = {0};
    getrusage(RUSAGE_CHILDREN, &children);
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID) + timeval_ns(&children.ru_utime) + timeval_ns(&children.ru_stime);
}

/* Mapped and not allocated: the heap scenarios must find the heap as the program's own calls leave it. */
struct measure *measure_open(long ms, long batches)
{
    struct measure *measure =
            mmap(NULL, sizeof(*measure), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (measure == MAP_FAILED) {
        fprintf(stderr, "bench: cannot map the samples: %s\n", strerror(errno));
        return NULL;
    }
    measure->budget_ns = (uint64_t)ms * 1000000u;
    measure->batches = (unsigned long)batches;
    return measure;
}

void measure_close(struct measure *measure)
{
    if (measure != NULL)
        munmap(measure, sizeof(*measure));
}

static void phase_begin(struct measure *measure, bool warm)
{
    measure->warm = warm;
    measure->done = 0;
    measure->ops = 0;
    measure->busy_ns = 0;
    measure->cpu_ns = cpu_now_ns();
    measure->phase_ns = measure_now_ns();
}

void measure_skip_warming(struct measure *measure)
{
    phase_begin(measure, true);
}

bool measure_more(struct measure *measure)
{
    if (measure->phase_ns == 0)
        phase_begin(measure, false);
    uint64_t spent_ns = measure_now_ns() - measure->phase_ns;
    if (!measure->warm) {
        if (measure->done < WARM_BATCHES || (measure->batches == 0 && spent_ns < measure->budget_ns / 5))
            return true;
        phase_begin(measure, true);
        return true;
    }
    if (measure->done >= SAMPLES_MAX)
        return false;
    if (measure->batches != 0)
        return measure->done < measure->batches;
    return measure->done < MEASURED_BATCHES || spent_ns < measure->budget_ns;
}

void measure_start(struct measure *measure)
{
    measure->start_ns = measure_now_ns();
}

void measure_stop(struct measure *measure, uint64_t ops)
{
    uint64_t batch_ns = measure_now_ns() - measure->start_ns;
    if (measure->warm)
        measure->samples[measure->done] = (double)batch_ns / (double)ops;
    measure->busy_ns += batch_ns;
    measure->ops += ops;
    measure->done++;
}

static int compare_samples(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

int measure_print(struct measure *measure)
{
    uint64_t cpu_ns = cpu_now_ns() - measure->cpu_ns;
    if (!measure->warm || measure->done == 0) {
        fprintf(stderr, "bench: nothing was measured\n");
        return -1;
    }
    qsort(measure->samples, measure->done, sizeof(measure->samples[0]), compare_samples);
    int printed = printf("wall_ns=%.4f p90_ns=%.4f mean_ns=%.4f cpu_ns=%.4f ops=%llu batches=%lu\n",
                         measure->samples[measure->done / 2], measure->samples[measure->done * 9 / 10],
                         (double)measure->busy_ns / (double)measure->ops, (double)cpu_ns / (double)measure->ops,
                         (unsigned long long)measure->ops, measure->done);
    return printed < 0 || fflush(stdout) != 0 ? -1 : 0;
}

int measure_bind(long cpu)
{
    if (cpu < 0)
        return 0;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) == 0)
        return 0;
    fprintf(stderr, "bench: cannot use processor %ld: %s\n", cpu, strerror(errno));
    return -1;
}

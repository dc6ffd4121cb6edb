// expect: none
// about: workers whose many kinds of jobs each take a scratch block: much in all, little at any one place, and the jobs
// about: call each other, but none of them itself
#include "case.h"

#define WORDS 96

static unsigned long results[2];

static FRAME unsigned long work(unsigned *scratch, unsigned long seed)
{
    for (int i = 0; i < WORDS; i++)
        scratch[i] = (unsigned)(seed * 2654435761u + (unsigned)i);
    for (int round = 0; round < 4; round++) /* so that each place takes a third of what would be a finding */
        for (int i = 0; i < WORDS; i++)
            seed = (seed << 5 | seed >> 59) ^ scratch[i];
    return seed;
}

#define JOB(name, next)                                                                                                \
    static FRAME unsigned long name(unsigned long seed)                                                                \
    {                                                                                                                  \
        unsigned *scratch = malloc(WORDS * sizeof *scratch);                                                           \
        require(scratch != NULL, "malloc");                                                                            \
        seed = work(scratch, seed);                                                                                    \
        free(scratch);                                                                                                 \
        return next(seed) + 1;                                                                                         \
    }

static FRAME unsigned long done(unsigned long seed)
{
    return seed;
}

JOB(job_1, done)
JOB(job_2, job_1)
JOB(job_3, job_2)
JOB(job_4, job_3)
JOB(job_5, job_4)
JOB(job_6, job_5)
JOB(job_7, job_6)
JOB(job_8, job_7)
JOB(job_9, job_8)
JOB(job_10, job_9)
JOB(job_11, job_10)
JOB(job_12, job_11)

static long used_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *serve(void *sum)
{
    while (used_ms() < 700)
        for (int i = 0; i < 100; i++)
            *(unsigned long *)sum += job_12(*(unsigned long *)sum);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(serve, &results[i]);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    return results[0] && results[1] ? 0 : 1;
}

// expect: none
// allow: lock-across-poll LOW
// about: four threads take turns in poll under a lock for nothing else, and handle what came without it
#include "case.h"
#include <poll.h>
#include <unistd.h>

#define THREADS 4
#define JOBS 40

static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static int jobs[2], done;

/* The leader waits for the next job; the followers wait for the lead. */
static FRAME char job_next(void)
{
    struct pollfd jobs_in = {.fd = jobs[0], .events = POLLIN};
    char job = 0;

    pthread_mutex_lock(&turn_lock);
    require(poll(&jobs_in, 1, -1) == 1 && read(jobs[0], &job, 1) == 1, "a job");
    pthread_mutex_unlock(&turn_lock);
    return job;
}

static void *worker(void *arg)
{
    while (job_next() == 'j')
        __atomic_add_fetch(&done, 1, __ATOMIC_RELAXED);
    return arg;
}

int main(void)
{
    pthread_t threads[THREADS];

    require(pipe(jobs) == 0, "pipe");
    for (int i = 0; i < THREADS; i++)
        threads[i] = thread_start(worker, NULL);
    for (int i = 0; i < JOBS; i++) {
        nap_ms(4);
        require(write(jobs[1], "j", 1) == 1, "write");
    }
    require(write(jobs[1], "qqqq", THREADS) == THREADS, "write");
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    return done != JOBS;
}

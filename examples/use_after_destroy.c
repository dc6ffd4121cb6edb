// expect: use-after-destroy CRITICAL
// where: use-after-destroy log_line
/*
 * A log is closed, and its mutex destroyed, while another thread has lines to write: its lock calls fail with EINVAL,
 * which nobody looks at, and nothing is protected any more.
 *
 * Kiwi prints use-after-destroy (CRITICAL): where the mutex is used, and who had destroyed it where.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

static pthread_mutex_t log_lock;
static long log_lines;
static atomic_int closed;

static __attribute__((noinline)) void log_line(void)
{
    pthread_mutex_lock(&log_lock);
    log_lines++;
    pthread_mutex_unlock(&log_lock);
}

static __attribute__((noinline)) void log_close(void)
{
    pthread_mutex_destroy(&log_lock);
    atomic_store(&closed, 1);
}

static void *worker(void *arg)
{
    log_line();
    while (!atomic_load(&closed))
        sched_yield();
    log_line(); /* "worker ends" */
    return arg;
}

int main(void)
{
    pthread_t thread;
    if (pthread_mutex_init(&log_lock, NULL) || pthread_create(&thread, NULL, worker, NULL))
        return 1;
    log_line();
    log_close();
    pthread_join(thread, NULL);
    printf("%ld lines\n", log_lines);
    return 0;
}

// expect: none
/*
 * The log of use_after_destroy.c, mended: it is closed when the last thread that writes to it has ended.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

static pthread_mutex_t log_lock;
static long log_lines;
static atomic_int closing;

static __attribute__((noinline)) void log_line(void)
{
    pthread_mutex_lock(&log_lock);
    log_lines++;
    pthread_mutex_unlock(&log_lock);
}

static __attribute__((noinline)) void log_close(void)
{
    pthread_mutex_destroy(&log_lock);
}

static void *worker(void *arg)
{
    log_line();
    while (!atomic_load(&closing))
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
    atomic_store(&closing, 1);
    pthread_join(thread, NULL);
    log_close();
    printf("%ld lines\n", log_lines);
    return 0;
}

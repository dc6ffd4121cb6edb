// expect: none
/*
 * lost_wakeup.c, mended: the flusher looks whether something has come before it waits.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t something_came = PTHREAD_COND_INITIALIZER;
static int waiting_lines;
static atomic_int stage; /* 1: the flusher runs, 2: it writes, 3: another line has come */

static void *flusher(void *arg)
{
    atomic_store(&stage, 1);
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!waiting_lines)
            pthread_cond_wait(&something_came, &lock);
        waiting_lines = 0;
        pthread_mutex_unlock(&lock);
        atomic_store(&stage, 2);
        while (atomic_load(&stage) < 3) /* writes for a while */
            ;
    }
    return arg;
}

static int line_add(void)
{
    pthread_mutex_lock(&lock);
    int lines = ++waiting_lines;
    pthread_cond_signal(&something_came);
    pthread_mutex_unlock(&lock);
    return lines;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, flusher, NULL))
        return 1;
    while (atomic_load(&stage) < 2) { /* until it was woken once */
        line_add();
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
    line_add();
    atomic_store(&stage, 3);
    nanosleep(&(struct timespec){0, 500000000}, NULL);
    printf("flushed\n");
    fflush(stdout);
    _exit(0);
}

// expect: lost-wakeup HIGH
// where: lost-wakeup flusher
/*
 * A flusher writes what has come whenever it is woken. It waits without looking first, so what comes while it still
 * writes is announced to nobody, and stays until something else comes. Here nothing does, and main gives up.
 *
 * Kiwi prints lost-wakeup (HIGH): who waits, who gave the last signal and when, and that nobody looked since.
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
        pthread_cond_wait(&something_came, &lock); /* should be: while (!waiting_lines) */
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
    printf("gave up\n");
    fflush(stdout);
    _exit(0);
}

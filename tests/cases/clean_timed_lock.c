// expect: none
// about: timed locks of both clocks that are granted, that time out with nothing held, and that keep one order
#define _GNU_SOURCE
#include "case.h"
#include <errno.h>

static pthread_mutex_t spool_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t page_lock = PTHREAD_MUTEX_INITIALIZER;
static int stage, pages;

static FRAME int page_print(int mode)
{
    struct timespec deadline = deadline_ms(mode ? CLOCK_MONOTONIC : CLOCK_REALTIME, 2000);
    must(pthread_mutex_lock(&spool_lock), "lock");
    int error = mode ? pthread_mutex_clocklock(&page_lock, CLOCK_MONOTONIC, &deadline)
                     : pthread_mutex_timedlock(&page_lock, &deadline);
    if (!error) {
        pages++;
        pthread_mutex_unlock(&page_lock);
    }
    pthread_mutex_unlock(&spool_lock);
    return error;
}

static void *printer(void *arg)
{
    for (int i = 0; i < 100; i++)
        must(page_print(i % 2), "page_print");
    stage_arrive(&stage);
    return arg;
}

static void *owner(void *arg)
{
    pthread_mutex_lock(&spool_lock);
    stage_arrive(&stage);
    stage_await(&stage, 4);
    pthread_mutex_unlock(&spool_lock);
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(printer, NULL), b = thread_start(printer, NULL);
    stage_await(&stage, 2);
    pthread_t c = thread_start(owner, NULL);
    stage_await(&stage, 3);
    struct timespec deadline = deadline_ms(CLOCK_REALTIME, 30);
    int error = pthread_mutex_timedlock(&spool_lock, &deadline);
    stage_arrive(&stage);
    thread_join(a);
    thread_join(b);
    thread_join(c);
    return error != ETIMEDOUT || pages != 200;
}

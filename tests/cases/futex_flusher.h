/*
 * futex_flusher.h - rows are written behind a lock and flushed by main, who waits for the disk thread's event, made by
 * hand of a futex. The case says when it takes the lock: FRAME batch_flush.
 */
#ifndef CASES_FUTEX_FLUSHER_H
#define CASES_FUTEX_FLUSHER_H

#include "case.h"

#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS 6

struct event {
    uint32_t set;
};

static FRAME void event_wait(struct event *e)
{
    while (!__atomic_load_n(&e->set, __ATOMIC_ACQUIRE))
        syscall(SYS_futex, &e->set, FUTEX_WAIT_PRIVATE, 0, NULL);
    __atomic_store_n(&e->set, 0, __ATOMIC_RELAXED);
}

static FRAME void event_set(struct event *e)
{
    __atomic_store_n(&e->set, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &e->set, FUTEX_WAKE_PRIVATE, 1);
}

static pthread_mutex_t batch_lock = PTHREAD_MUTEX_INITIALIZER;
static struct event asked, written;
static int rows, flushed, stop;

static void batch_flush(void);

static void *disk(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        event_wait(&asked);
        nap_ms(20);
        event_set(&written);
    }
    return arg;
}

static void *writer(void *arg)
{
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&batch_lock);
        rows++;
        pthread_mutex_unlock(&batch_lock);
        nap_ms(1);
    }
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(disk, NULL), b = thread_start(writer, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        batch_flush();
        nap_ms(2);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    thread_join(a);
    thread_join(b);
    return 0;
}
#endif

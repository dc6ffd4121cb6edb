/*
 * reader_again.h - a reader looks something up that locks for reading again, while a writer waits for the same lock.
 */
#ifndef CASE_READER_AGAIN_H
#define CASE_READER_AGAIN_H

#include "case.h"

#include <sys/syscall.h>
#include <unistd.h>

static pthread_rwlock_t table_lock;
static long writer_id;
static int table[8], stage;

static FRAME int table_lookup(int key)
{
    pthread_rwlock_rdlock(&table_lock);
    int value = table[key];
    pthread_rwlock_unlock(&table_lock);
    return value;
}

static FRAME int table_sum(void)
{
    int sum = 0;

    pthread_rwlock_rdlock(&table_lock);
    stage_reach(&stage, 1);
    thread_await_sleep(&writer_id);
    for (int i = 0; i < 8; i++)
        sum += table_lookup(i);
    pthread_rwlock_unlock(&table_lock);
    return sum;
}

static void *reader(void *arg)
{
    for (int i = 0; i < 8; i++)
        table[i] = table_lookup(i) + 1; /* nobody writes yet: it does no harm */
    table_sum();
    return arg;
}

static void *writer(void *arg)
{
    stage_await(&stage, 1);
    __atomic_store_n(&writer_id, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    pthread_rwlock_wrlock(&table_lock);
    table[0] = 0;
    pthread_rwlock_unlock(&table_lock);
    return arg;
}

/* kind: PTHREAD_RWLOCK_PREFER_... */
static inline void read_again_beside_writer(int kind)
{
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    must(pthread_rwlockattr_setkind_np(&attr, kind), "setkind");
    must(pthread_rwlock_init(&table_lock, &attr), "pthread_rwlock_init");
    pthread_t r = thread_start(reader, NULL), w = thread_start(writer, NULL);
    thread_join(r);
    thread_join(w);
}

#endif

/*
 * readers_both_ways.h - two threads read two tables one inside the other, in both orders, while a writer waits for
 * each.
 */
#ifndef CASE_READERS_BOTH_WAYS_H
#define CASE_READERS_BOTH_WAYS_H

#include "case.h"

#include <sys/syscall.h>
#include <unistd.h>

static pthread_rwlock_t routes, peers;
static long writers[2];
static int reading, routes_used, peers_used;

static FRAME void route_lookup(void)
{
    pthread_rwlock_rdlock(&routes);
    stage_arrive(&reading);
    stage_await(&reading, 3);
    pthread_rwlock_rdlock(&peers);
    peers_used += 0;
    pthread_rwlock_unlock(&peers);
    pthread_rwlock_unlock(&routes);
}

static FRAME void peer_list(void)
{
    pthread_rwlock_rdlock(&peers);
    stage_arrive(&reading);
    stage_await(&reading, 3);
    pthread_rwlock_rdlock(&routes);
    routes_used += 0;
    pthread_rwlock_unlock(&routes);
    pthread_rwlock_unlock(&peers);
}

static void *look_up(void *arg)
{
    route_lookup();
    return arg;
}

static void *list(void *arg)
{
    peer_list();
    return arg;
}

static void *write_routes(void *arg)
{
    stage_await(&reading, 2);
    __atomic_store_n(&writers[0], syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    pthread_rwlock_wrlock(&routes);
    routes_used++;
    pthread_rwlock_unlock(&routes);
    return arg;
}

static void *write_peers(void *arg)
{
    stage_await(&reading, 2);
    __atomic_store_n(&writers[1], syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    pthread_rwlock_wrlock(&peers);
    peers_used++;
    pthread_rwlock_unlock(&peers);
    return arg;
}

static inline void readers_both_ways(int kind)
{
    void *(*parts[])(void *) = {look_up, list, write_routes, write_peers};
    pthread_t threads[4];
    pthread_rwlockattr_t attr;
    must(pthread_rwlockattr_init(&attr), "pthread_rwlockattr_init");
    must(pthread_rwlockattr_setkind_np(&attr, kind), "pthread_rwlockattr_setkind_np");
    must(pthread_rwlock_init(&routes, &attr), "pthread_rwlock_init");
    must(pthread_rwlock_init(&peers, &attr), "pthread_rwlock_init");
    for (int i = 0; i < 4; i++)
        threads[i] = thread_start(parts[i], NULL);
    thread_await_sleep(&writers[0]);
    thread_await_sleep(&writers[1]);
    stage_arrive(&reading);
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    printf("%d %d\n", routes_used, peers_used);
}
#endif

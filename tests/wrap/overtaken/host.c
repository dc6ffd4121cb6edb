/* A thread meets a free lock that another one takes before it does, and holds for a while: a mutex on its first lock at
 * a place, on a later one, and while it holds another mutex; an rwlock again and again, to read and to write. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

extern _Atomic(void *) overtake, overtaken;

#define OVERTAKEN 60

static pthread_mutex_t ledger = PTHREAD_MUTEX_INITIALIZER, outer = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t routes = PTHREAD_RWLOCK_INITIALIZER;
static atomic_bool over;

static void hold(int ms)
{
    atomic_store(&overtaken, NULL);
    nanosleep(&(struct timespec){0, ms * 1000000L}, NULL);
}

static void *overtaker(void *unused)
{
    while (!atomic_load(&over)) {
        void *lock = atomic_load(&overtaken);
        if (lock == &ledger) {
            pthread_mutex_lock(&ledger);
            hold(30);
            pthread_mutex_unlock(&ledger);
        } else if (lock) {
            pthread_rwlock_wrlock(&routes);
            hold(1);
            pthread_rwlock_unlock(&routes);
        }
    }
    return unused;
}

static void lock_ledger(void)
{
    pthread_mutex_lock(&ledger);
    pthread_mutex_unlock(&ledger);
}

static void lock_ledger_within(void)
{
    pthread_mutex_lock(&outer);
    pthread_mutex_lock(&ledger);
    pthread_mutex_unlock(&ledger);
    pthread_mutex_unlock(&outer);
}

static void read_routes(void)
{
    pthread_rwlock_rdlock(&routes);
    pthread_rwlock_unlock(&routes);
}

static void write_routes(void)
{
    pthread_rwlock_wrlock(&routes);
    pthread_rwlock_unlock(&routes);
}

/* Overtaken in the end, as soon as the lock is tried; returns how often it was taken, by either thread. */
static __attribute__((noinline)) int enter(void (*take)(void), void *lock, int times)
{
    int taken = 1;
    for (; taken < times; taken++)
        take();
    atomic_store(&overtake, lock);
    for (; atomic_load(&overtake); taken++)
        take();
    return taken;
}

int main(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, overtaker, NULL))
        return 1;
    int mutex = enter(lock_ledger, &ledger, 1);
    mutex += enter(lock_ledger, &ledger, 50);
    mutex += enter(lock_ledger_within, &ledger, 50);
    int rwlock = enter(read_routes, &routes, 500) + enter(write_routes, &routes, 500);
    for (int i = 0; i < OVERTAKEN; i++)
        rwlock += enter(read_routes, &routes, 2) + enter(write_routes, &routes, 2);
    atomic_store(&over, 1);
    pthread_join(t, NULL);
    printf("%d %d\n", mutex, rwlock);
    return 0;
}

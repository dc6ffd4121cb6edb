/* rwlocks and spinlocks: every call, its errors, and who is let in. */
#include "transcript.h"

static struct timespec soon(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    t.tv_nsec += 30000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void *others(void *arg)
{
    pthread_rwlock_t *l = arg;
    struct timespec real = soon(CLOCK_REALTIME), mono = soon(CLOCK_MONOTONIC);

    outcome("other tryrdlock", pthread_rwlock_tryrdlock(l));
    outcome("other trywrlock", pthread_rwlock_trywrlock(l));
    outcome("other timedrdlock", pthread_rwlock_timedrdlock(l, &real));
    outcome("other timedwrlock", pthread_rwlock_timedwrlock(l, &real));
    outcome("other clockrdlock", pthread_rwlock_clockrdlock(l, CLOCK_MONOTONIC, &mono));
    outcome("other clockwrlock", pthread_rwlock_clockwrlock(l, CLOCK_MONOTONIC, &mono));
    return NULL;
}

static void ask_others(pthread_rwlock_t *l)
{
    pthread_t t;
    int created = pthread_create(&t, NULL, others, l), joined = pthread_join(t, NULL);

    outcome("create", created);
    outcome("join", joined);
}

static void *release_after_readers(void *arg)
{
    pthread_rwlock_t *l = arg;

    while (pthread_rwlock_tryrdlock(l) == 0)
        pthread_rwlock_unlock(l);
    return NULL;
}

static void kinds(int kind)
{
    pthread_rwlockattr_t attr;
    pthread_rwlock_t l;

    say("kind %d", kind);
    outcome("attr", pthread_rwlockattr_init(&attr));
    outcome("setkind", pthread_rwlockattr_setkind_np(&attr, kind));
    outcome("init", pthread_rwlock_init(&l, &attr));
    outcome("wrlock", pthread_rwlock_wrlock(&l));
    outcome("wrlock again", pthread_rwlock_wrlock(&l));
    outcome("rdlock while writing", pthread_rwlock_rdlock(&l));
    outcome("trywrlock while writing", pthread_rwlock_trywrlock(&l));
    ask_others(&l);
    outcome("unlock", pthread_rwlock_unlock(&l));
    outcome("destroy", pthread_rwlock_destroy(&l));
    pthread_rwlockattr_destroy(&attr);
}

static void bad_times(void)
{
    pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
    struct timespec bad = {0, 1000000000};

    outcome("timedrdlock bad time", pthread_rwlock_timedrdlock(&l, &bad));
    outcome("timedwrlock bad time", pthread_rwlock_timedwrlock(&l, &bad));
    outcome("clockrdlock bad clock", pthread_rwlock_clockrdlock(&l, CLOCK_PROCESS_CPUTIME_ID, &bad));
    outcome("clockwrlock bad clock", pthread_rwlock_clockwrlock(&l, CLOCK_PROCESS_CPUTIME_ID, &bad));
    outcome("trywrlock", pthread_rwlock_trywrlock(&l));
    outcome("unlock", pthread_rwlock_unlock(&l));
    outcome("timedwrlock", pthread_rwlock_timedwrlock(&l, &(struct timespec){0, 0}));
    outcome("unlock", pthread_rwlock_unlock(&l));
    outcome("destroy", pthread_rwlock_destroy(&l));
}

static void writer_waits_for_reader(void)
{
    pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
    pthread_t t;

    outcome("wrlock", pthread_rwlock_wrlock(&l));
    outcome("create", pthread_create(&t, NULL, release_after_readers, &l));
    outcome("join", pthread_join(t, NULL));
    outcome("unlock", pthread_rwlock_unlock(&l));
}

static void *spin_other(void *arg)
{
    pthread_spinlock_t *l = arg;

    outcome("other trylock", pthread_spin_trylock(l));
    return NULL;
}

static void spin(void)
{
    pthread_spinlock_t l;
    pthread_t t;

    outcome("spin init", pthread_spin_init(&l, PTHREAD_PROCESS_PRIVATE));
    outcome("spin lock", pthread_spin_lock(&l));
    outcome("spin trylock again", pthread_spin_trylock(&l));
    int created = pthread_create(&t, NULL, spin_other, (void *)&l), joined = pthread_join(t, NULL);
    outcome("create", created);
    outcome("join", joined);
    outcome("spin unlock", pthread_spin_unlock(&l));
    outcome("spin trylock", pthread_spin_trylock(&l));
    outcome("spin unlock", pthread_spin_unlock(&l));
    outcome("spin destroy", pthread_spin_destroy(&l));
}

int main(void)
{
    pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;

    outcome("rdlock", pthread_rwlock_rdlock(&l));
    outcome("rdlock again", pthread_rwlock_rdlock(&l));
    ask_others(&l);
    outcome("trywrlock while reading", pthread_rwlock_trywrlock(&l));
    outcome("unlock", pthread_rwlock_unlock(&l));
    outcome("unlock", pthread_rwlock_unlock(&l));
    kinds(PTHREAD_RWLOCK_PREFER_READER_NP);
    kinds(PTHREAD_RWLOCK_PREFER_WRITER_NP);
    kinds(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    bad_times();
    writer_waits_for_reader();
    spin();
    return 0;
}

/* Stands between libkiwi and glibc: the lock that `overtake` names is taken by another thread at the last moment. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

_Atomic(void *) overtake, overtaken;

static void give_way(void *lock)
{
    void *wanted = lock;
    if (!atomic_compare_exchange_strong(&overtake, &wanted, NULL))
        return;
    atomic_store(&overtaken, lock);
    while (atomic_load(&overtaken))
        continue;
}

/* The same answers, and glibc's own: only the moment is ours. */
#define TRY(name, type)                                                                                                \
    __attribute__((visibility("default"))) int name(type *lock)                                                        \
    {                                                                                                                  \
        static int (*_Atomic next)(type *);                                                                            \
        if (!next)                                                                                                     \
            next = (int (*)(type *))dlsym(RTLD_NEXT, #name);                                                           \
        give_way(lock);                                                                                                \
        return next(lock);                                                                                             \
    }

TRY(pthread_mutex_trylock, pthread_mutex_t)
TRY(pthread_rwlock_tryrdlock, pthread_rwlock_t)
TRY(pthread_rwlock_trywrlock, pthread_rwlock_t)

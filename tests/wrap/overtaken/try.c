/* Stands between libkiwi and glibc: the mutex that `overtake` names is taken by another thread at the last moment. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

_Atomic(pthread_mutex_t *) overtake, overtaken;

/* The same answers, and glibc's own: only the moment is ours. */
__attribute__((visibility("default"))) int pthread_mutex_trylock(pthread_mutex_t *m)
{
    static int (*_Atomic next)(pthread_mutex_t *);
    if (!next)
        next = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_trylock");
    pthread_mutex_t *wanted = m;
    if (atomic_compare_exchange_strong(&overtake, &wanted, NULL)) {
        atomic_store(&overtaken, m);
        while (atomic_load(&overtaken))
            continue;
    }
    return next(m);
}

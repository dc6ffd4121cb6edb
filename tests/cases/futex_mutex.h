/*
 * futex_mutex.h - a mutex of three states made of a futex: 0 free, 1 taken, 2 taken and waited for. Uncontended it is
 * taken and released without a call.
 */
#ifndef CASES_FUTEX_MUTEX_H
#define CASES_FUTEX_MUTEX_H

#include "case.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

struct futex_mutex {
    int word;
};

static inline void futex_mutex_lock(struct futex_mutex *m)
{
    int free_word = 0;

    if (__atomic_compare_exchange_n(&m->word, &free_word, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(&m->word, 2, __ATOMIC_ACQUIRE))
        syscall(SYS_futex, &m->word, FUTEX_WAIT_PRIVATE, 2, NULL);
}

static inline void futex_mutex_unlock(struct futex_mutex *m)
{
    if (__atomic_exchange_n(&m->word, 0, __ATOMIC_RELEASE) == 2)
        syscall(SYS_futex, &m->word, FUTEX_WAKE_PRIVATE, 1);
}
#endif

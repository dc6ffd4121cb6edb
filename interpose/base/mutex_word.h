/*
 * mutex_word.h - a normal mutex taken and let go in place, by the same words and in the same order as glibc does it.
 *
 * The words of such a mutex and what they mean are part of glibc's ABI: static initialisers carry them into programs,
 * and processes with different versions of it meet in them. Done here, an uncontended pair saves two calls and lets the
 * compiler keep everything in registers, which is about what the recorder itself costs.
 *
 * Only where it was seen at start to be the same (mutex_word_start): the next pthread_mutex_lock is that of glibc and
 * not of another preloaded library, and a mutex comes out of each way as the other one leaves it. Nothing that waits is
 * done here.
 */
#ifndef KIWI_MUTEX_WORD_H
#define KIWI_MUTEX_WORD_H

#include "compiler.h"

#include <pthread.h>
#include <sys/single_threaded.h>

#define MUTEX_KIND_NONE (-2) /* a kind that no mutex has */

/* The kind that may be done in place: PTHREAD_MUTEX_TIMED_NP with no attribute, or MUTEX_KIND_NONE. Atomic. */
extern HIDDEN int mutex_kind_in_place;

/* Decides whether to. Called once, before the service's own code runs. Whether pthread_mutex_lock is glibc's. */
bool mutex_word_start(void);

static ALWAYS_INLINE bool mutex_is_plain(const pthread_mutex_t *m)
{
    return RELAXED_LOAD(&m->__data.__kind) == RELAXED_LOAD(&mutex_kind_in_place);
}

static ALWAYS_INLINE bool mutex_word_seize(pthread_mutex_t *m)
{
    int expected = 0;
    return likely(
            __atomic_compare_exchange_n(&m->__data.__lock, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
}

static ALWAYS_INLINE void mutex_word_own(pthread_mutex_t *m, int tid)
{
    m->__data.__owner = tid;
    m->__data.__nusers++;
}

/* What pthread_mutex_lock does; tid: the kernel's id of the calling thread. false: it is taken, or was written over: a
 * free one with an owner ends the program in glibc's. As glibc's, it needs no atomic instruction as long as there is
 * one thread. */
static ALWAYS_INLINE bool mutex_word_take(pthread_mutex_t *m, int tid)
{
    if (unlikely(RELAXED_LOAD(&m->__data.__owner)))
        return false;
    if (unlikely(__libc_single_threaded)) {
        if (m->__data.__lock)
            return false;
        m->__data.__lock = 1;
    } else if (unlikely(!mutex_word_seize(m))) {
        return false;
    }
    mutex_word_own(m, tid);
    return true;
}

/* What pthread_mutex_trylock does: atomic in any case, so that processes of one thread each that only ever try can
 * share a mutex that is not marked as shared; and no look at the owner. */
static ALWAYS_INLINE bool mutex_word_try(pthread_mutex_t *m, int tid)
{
    if (unlikely(!mutex_word_seize(m)))
        return false;
    mutex_word_own(m, tid);
    return true;
}

/* true: somebody waits, and has to be woken (mutex_word_wake). The mutex may be gone by then; its address is all that
 * is needed. */
static ALWAYS_INLINE bool mutex_word_let_go(pthread_mutex_t *m)
{
    m->__data.__owner = 0;
    m->__data.__nusers--;
    if (unlikely(__libc_single_threaded)) {
        m->__data.__lock = 0;
        return false;
    }
    return unlikely(__atomic_exchange_n(&m->__data.__lock, 0, __ATOMIC_RELEASE) > 1);
}

void mutex_word_wake(pthread_mutex_t *m);
#endif

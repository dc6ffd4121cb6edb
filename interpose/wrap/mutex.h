/*
 * mutex.h - glibc's mutex seen from outside: its words are part of the ABI (PTHREAD_MUTEX_INITIALIZER is compiled into
 * programs), so they may be read.
 */
#ifndef KIWI_WRAP_MUTEX_H
#define KIWI_WRAP_MUTEX_H

#include "../record/object.h"
#include "../record/stack.h"

#include <pthread.h>

/* Bits of __data.__kind (glibc's nptl/pthreadP.h keeps them stable, since static initialisers carry them). */
#define MUTEX_KIND_TYPE 3
#define MUTEX_KIND_ROBUST 16
#define MUTEX_KIND_INHERIT 32
#define MUTEX_KIND_PROTECT 64
#define MUTEX_KIND_SHARED 128
#define MUTEX_KIND_DESTROYED (-1)
#define MUTEX_INCONSISTENT 0x7fffffff    /* owner of a robust mutex between EOWNERDEAD and pthread_mutex_consistent */
#define MUTEX_NOT_RECOVERABLE 0x7ffffffe /* in __owner of a robust mutex that can only be destroyed any more */
#define MUTEX_OWNER_TID 0x3fffffff       /* of the lock word of robust and priority-inheriting mutexes */

/* What the wrappers do, for wrappers of other names over the same mutex; they give their caller's site. */
int mutex_lock_at(pthread_mutex_t *m, struct call_site site);
int mutex_trylock_at(pthread_mutex_t *m, struct call_site site);
int mutex_timedlock_at(pthread_mutex_t *m, const struct timespec *until, struct call_site site);
int mutex_unlock_at(pthread_mutex_t *m, struct call_site site);
int mutex_destroy_at(pthread_mutex_t *m, struct call_site site);
void mutex_initialised(struct thread *t, const pthread_mutex_t *m, struct call_site site); /* t may be NULL */

/* Before a wait on a condition variable, which unlocks it: the misuse row if the thread does not hold it, else 0. */
uint32_t mutex_note_wait(struct thread *t, pthread_mutex_t *m, struct call_site site);

/* Of one whose memory is there for certain. */
void mutex_facts_here(const pthread_mutex_t *m, struct object_facts *facts);
void mutex_facts(uintptr_t address, struct object_facts *facts);
bool mutex_shows_waiters(uintptr_t address);
/* The thread certainly does not own it. */
bool mutex_let_go(const struct thread *t, uintptr_t address);
/* The thread with this id of the kernel certainly does. */
bool mutex_owned_by(uintptr_t address, int32_t tid);

static inline int mutex_type(const pthread_mutex_t *m)
{
    return RELAXED_LOAD(&m->__data.__kind) & MUTEX_KIND_TYPE;
}

static inline int mutex_owner(const pthread_mutex_t *m)
{
    return RELAXED_LOAD(&m->__data.__owner);
}

/* Also what was locked before this process was forked, and a robust mutex whose last owner died. */
static inline bool mutex_owned_here(const struct thread *t, int owner)
{
    return owner == t->tid || (owner && owner == t->fork_tid) || owner == MUTEX_INCONSISTENT;
}

/* What destroy leaves behind; whatever makes a new mutex there overwrites it. */
static inline bool mutex_is_destroyed(const pthread_mutex_t *m)
{
    return unlikely(RELAXED_LOAD(&m->__data.__kind) == MUTEX_KIND_DESTROYED);
}
#endif

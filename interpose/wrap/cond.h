/*
 * cond.h - what the wrappers of condition variables do, for wrappers of other names over the same object (cond_*_at),
 * and for those of other libraries' condition variables (the rest). They give their caller's site.
 */
#ifndef KIWI_WRAP_COND_H
#define KIWI_WRAP_COND_H

#include "../record/call.h"
#include "../record/object.h"
#include "../record/stack.h"

#include <pthread.h>

int cond_wait_at(pthread_cond_t *c, pthread_mutex_t *m, struct call_site site);
int cond_timedwait_at(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until, struct call_site site);
int cond_signal_at(pthread_cond_t *c, struct call_site site);
int cond_broadcast_at(pthread_cond_t *c, struct call_site site);
int cond_destroy_at(pthread_cond_t *c, struct call_site site);
void cond_initialised(struct thread *t, const pthread_cond_t *c, struct call_site site); /* t may be NULL */

/* A wait: a release and a reacquisition of its mutex. Set `cond`, `mutex` and `mutex_kind`, the rest zero. */
struct cond_wait {
    struct object_facts cond;
    uintptr_t mutex;
    uint32_t mutex_kind; /* ACQUISITION_OBJECT, 0 = a pthread mutex */
    struct thread *t;
    struct call_record call;
    uint32_t object;
    uint32_t held_count; /* recursion of the mutex when the wait began, 0 = it was not on the held array */
    uint32_t word;       /* stack and kind of the reacquisition */
    uint32_t misuse;     /* row: the thread did not hold the mutex; 0 = it did */
};
/* `t` may be NULL: nothing is recorded. result: 0 = woken, else an errno. */
void cond_wait_begin(struct cond_wait *w, struct thread *t, enum kiwi_call_kind kind, uint32_t flags,
                     struct call_site site);
void cond_wait_end(struct cond_wait *w, int result);
/* Before the real call: the woken thread may destroy the condvar as soon as it runs. `t` may be NULL. */
void cond_note_signal(struct thread *t, const struct object_facts *facts, bool all, struct call_site site);
/* With the guard set, before the condvar is destroyed: a thread that is blocked on it is misuse. Returns its row, or
 * 0. */
uint32_t cond_note_waited(struct thread *t, uintptr_t address, struct call_site site);
#endif

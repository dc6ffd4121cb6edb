/*
 * cond.h - what the wrappers of condition variables do, for wrappers of other names over the same object; they give
 * their caller's site.
 */
#ifndef KIWI_WRAP_COND_H
#define KIWI_WRAP_COND_H

#include "../record/stack.h"

#include <pthread.h>

int cond_wait_at(pthread_cond_t *c, pthread_mutex_t *m, struct call_site site);
int cond_timedwait_at(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until, struct call_site site);
int cond_signal_at(pthread_cond_t *c, struct call_site site);
int cond_broadcast_at(pthread_cond_t *c, struct call_site site);
int cond_destroy_at(pthread_cond_t *c, struct call_site site);
void cond_initialised(struct thread *t, const pthread_cond_t *c, struct call_site site); /* t may be NULL */
#endif

/*
 * once.h - once controls: whoever runs the function holds the control until it has returned.
 */
#ifndef KIWI_WRAP_ONCE_H
#define KIWI_WRAP_ONCE_H

#include "../record/stack.h"

#include <pthread.h>

/* pthread_once for a wrapper of another name, with the caller's site. */
int once_call(pthread_once_t *control, void (*function)(void), struct call_site site);
/* The thread's function for this control has not returned, yet it does not run any more: it threw, or was cancelled. */
bool once_let_go(const struct thread *t, const struct kiwi_held *held);
#endif

/*
 * heap_step.h - the steps of a history that belong to the heap: see allocates, appends, churns, retains and uses in
 * history.h.
 */
#ifndef KIWI_TEST_HEAP_STEP_H
#define KIWI_TEST_HEAP_STEP_H

#include "../../interpose/record/thread.h"

/* false: the verb is none of them. */
bool heap_step_play(struct thread *t, const char *verb, const char *object, uint32_t stack);
#endif

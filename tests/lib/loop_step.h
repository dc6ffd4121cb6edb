/*
 * loop_step.h - the steps of a history that belong to event loops: see polls, finds, idles, computes and suspended in
 * history.h.
 */
#ifndef KIWI_TEST_LOOP_STEP_H
#define KIWI_TEST_LOOP_STEP_H

#include "../../interpose/record/thread.h"

#include "names.h"

/* false: the verb is none of them. */
bool loop_step_play(struct thread *t, const char *verb, const char *object, uint32_t stack, struct names *events);
/* The tick that the thread is in began so much earlier; nothing if it is in none. */
void loop_step_ago(struct thread *t, uint64_t ticks);
#endif
